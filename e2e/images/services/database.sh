# A new PostgreSQL server that takes passwords by SCRAM alone; the superuser's is in /start/superuser. Its log
# has every change of a role, so that a test can see what it was told.
set -e
export TZ=GMT0
initdb -D /tmp/data -U postgres -A scram-sha-256 --pwfile=/start/superuser --no-sync >/dev/null
echo 'host all all all scram-sha-256' >>/tmp/data/pg_hba.conf
exec postgres -D /tmp/data -F -c listen_addresses='*' -c log_statement=ddl -c unix_socket_directories=/tmp
