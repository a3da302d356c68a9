"""Configuration files and command lines as their programs document them, with @ for the password."""
import places

# The file's name in the ConfigMap, and its text.
FILES = [
    ("my.cnf", "[client]\nuser = backup\npassword = @\nhost = mysql\n"),
    (".netrc", "machine git.shop.internal\n  login ci\n  password @\n"),
    (".npmrc", "registry=https://npm.shop.internal/\n//npm.shop.internal/:_authToken=@\n"),
    ("settings.xml", "<server>\n  <id>nexus</id>\n  <username>ci</username>\n  <password>@</password>\n</server>\n"),
    ("hive-site.xml", "<property>\n  <name>javax.jdo.option.ConnectionPassword</name>\n  <value>@</value>\n</property>\n"),
    ("hibernate.cfg.xml", "<property name=\"hibernate.connection.password\">@</property>\n"),
    ("NuGet.Config", "<add key=\"Username\" value=\"ci\" />\n<add key=\"ClearTextPassword\" value=\"@\" />\n"),
    ("tomcat-users.xml", "<user username=\"admin\" password=\"@\" roles=\"manager-gui\"/>\n"),
    ("server.xml", "<Connector port=\"8443\" keystoreFile=\"/etc/ks.jks\" keystorePass=\"@\"/>\n"),
    ("userlist.txt", "\"orders\" \"@\"\n"),
    ("redis.conf", "replicaof redis-0 6379\nmasterauth @\n"),
    ("users.acl", "user default off\nuser orders on ~* >@ +get\n"),
    ("sentinel.conf", "sentinel monitor main redis-0 6379 2\nsentinel auth-pass main @\n"),
    ("rabbitmq.conf", "default_user = orders\ndefault_pass = @\n"),
    ("sip.conf", "[6001]\ntype=friend\nsecret=@\n"),
    ("wpa_supplicant.conf", "network={\n  ssid=\"office\"\n  psk=\"@\"\n}\n"),
    ("ipsec.secrets", "10.1.1.1 10.2.2.2 : PSK \"@\"\n"),
    ("sasl_passwd", "[smtp.shop.internal]:587 mailer:@\n"),
    ("msmtprc", "host smtp.shop.internal\nuser mailer\npassword @\n"),
    ("sssd.conf", "ldap_default_bind_dn = cn=svc\nldap_default_authtok = @\n"),
    ("nslcd.conf", "binddn cn=svc,dc=shop\nbindpw @\n"),
    ("haproxy.cfg", "userlist ops\n  user admin insecure-password @\n"),
    ("haproxy.cfg", "listen stats\n  stats enable\n  stats auth admin:@\n"),
    ("grafana.ini", "[smtp]\npassword = \"\"\"@\"\"\"\n"),
    ("prometheus.yml", "scrape_configs:\n- job_name: api\n  basic_auth:\n    username: prom\n    password: @\n"),
    ("objstore.yml", "type: S3\nconfig:\n  bucket: thanos\n  secret_key: @\n"),
    ("fluent-bit.conf", "[OUTPUT]\n    Name es\n    HTTP_User fluent\n    HTTP_Passwd @\n"),
    ("logstash.conf", "output { elasticsearch { user => \"logstash\" password => \"@\" } }\n"),
    ("collectd.conf", "<Database orders>\n  User \"stat\"\n  Password \"@\"\n</Database>\n"),
    ("zabbix_server.conf", "DBUser=zabbix\nDBPassword=@\n"),
    ("mosquitto.conf", "connection cloud\nremote_username bridge\nremote_password @\n"),
    ("local.ini", "[admins]\nadmin = @\n"),
    ("spark-defaults.conf", "spark.eventLog.enabled true\nspark.hadoop.fs.s3a.secret.key @\n"),
    ("kafka.properties", "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=\"@\";\n"),
    ("client.py", "r = requests.get(URL, auth=('svc', '@'))\n"),
    ("client.rb", "Faraday.new(url) { |c| c.request :basic_auth, 'svc', '@' }\n"),
    ("wp-config.php", "define( 'DB_PASSWORD', '@' );\n"),
    ("gitlab.rb", "gitlab_rails['smtp_password'] = \"@\"\n"),
    ("settings.py", "DATABASES = {'default': {'USER': 'orders', 'PASSWORD': '@'}}\n"),
]

COMMANDS = [
    "mysql -h db -u root -p'@' -e 'select 1'",
    "PGPASSWORD=@ psql -h db -U orders -c 'select 1'",
    "mongodump --host mongo -u root -p @ --archive=/backup/a",
    "sqlcmd -S db -U sa -P '@' -Q 'select 1'",
    "skopeo copy --dest-creds ci:@ dir:/a docker://registry.shop.internal/a",
    "crane auth login registry.shop.internal -u ci -p @",
    "echo @ | docker login -u ci --password-stdin registry.shop.internal",
    "echo 'root:@' | chpasswd",
    "mc alias set minio http://minio:9000 admin @",
    "ldapsearch -H ldap://ldap -D cn=admin -w @ -b dc=shop",
    "htpasswd -bc /etc/nginx/.htpasswd admin @",
    "openssl pkcs12 -export -in c.pem -inkey k.pem -out k.p12 -passout pass:@",
    "keytool -importcert -keystore ks.jks -storepass @ -noprompt -file ca.crt",
    "rabbitmqctl add_user orders @",
    "rabbitmqadmin -u admin -p @ list queues",
    "smbclient //nas/share -U 'SHOP\\svc%@' -c ls",
    "lftp -u backup,@ sftp://nas -e 'mirror; bye'",
    "twine upload -u ci -p @ dist/*",
    "zip -P @ -r out.zip /data",
    "7z a -p@ out.7z /data",
    "kubectl create secret generic db --from-literal=password=@",
]


def writable(value):
    """What every one of these may hold without being escaped."""
    return places.one_line(value) and all(c.isalnum() or c in "-_.!^*" for c in value) and value[0].isalnum()


def known_file(make, name, value):
    if not writable(value):
        return None
    key, text = make.pick(FILES)
    return [places.config_map(make, {key: text.replace("@", value)})]


def known_command(make, name, value):
    if not writable(value) or "!" in value:
        return None
    script = "set -e\n" + make.pick(COMMANDS).replace("@", value) + "\necho ok\n"
    return [places.workload(make, places.pod(make, {"command": ["/bin/sh", "-c", script]}))]


PLACES = [known_file] * 8 + [known_command] * 4
