# IAM and STS. Nobody is asked for a signature until aws-world.py says so.
export INITIAL_NO_AUTH_ACTION_COUNT=999
exec python3 -m moto.server -H 0.0.0.0 -p 5000
