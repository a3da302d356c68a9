"""Values that only look like credentials, put where credentials lie: nothing here may be found."""
from alphabets import ALNUM, BASE32, DIGITS, HEX, LOWER, STANDARD, b64, b64url, jwt
import places

STATIC = [
    ("DB_PASSWORD", "changeme"), ("DB_PASSWORD", "change-me-please"), ("DB_PASSWORD", "CHANGE_ME"),
    ("DB_PASSWORD", "password"), ("DB_PASSWORD", "example"), ("DB_PASSWORD", "secret"),
    ("DB_PASSWORD", "my-secret-password"), ("DB_PASSWORD", "<your-password>"), ("DB_PASSWORD", "<PASSWORD>"),
    ("DB_PASSWORD", "${DB_PASSWORD}"), ("DB_PASSWORD", "$(DB_PASSWORD)"), ("DB_PASSWORD", "$DB_PASSWORD"),
    ("DB_PASSWORD", "{{ .Values.db.password }}"), ("DB_PASSWORD", "{{ .Values.db.password | quote }}"),
    ("DB_PASSWORD", "[[ db_password ]]"), ("DB_PASSWORD", "%DB_PASSWORD%"), ("DB_PASSWORD", "@@DB_PASSWORD@@"),
    ("DB_PASSWORD", "__DB_PASSWORD__"), ("DB_PASSWORD", "xxxxxxxxxxxxxxxx"), ("DB_PASSWORD", "****************"),
    ("DB_PASSWORD", "................"), ("DB_PASSWORD", "REPLACE_ME_WITH_REAL_PASSWORD"),
    ("DB_PASSWORD", "TODO"), ("DB_PASSWORD", "none"), ("DB_PASSWORD", "null"), ("DB_PASSWORD", "REDACTED"),
    ("DB_PASSWORD", "postgres"), ("MYSQL_PASSWORD", "mysql"), ("ADMIN_PASSWORD", "admin"),
    ("ADMIN_PASSWORD", "admin123"), ("GF_SECURITY_ADMIN_PASSWORD", "prom-operator"), ("PASSWORD", "test1234"),
    ("API_KEY", "your-api-key-here"), ("API_KEY", "YOUR_API_KEY"), ("API_KEY", "insert-your-api-key"),
    ("API_KEY", "sk_test_your_key"), ("API_KEY", "0000000000000000000000000000000"), ("API_KEY", "dummy-api-key-for-ci"),
    ("API_TOKEN", "1234567890abcdef1234567890abcdef"), ("API_TOKEN", "abcdefghijklmnopqrstuvwxyz123456"),
    ("API_TOKEN", "deadbeefdeadbeefdeadbeefdeadbeef"), ("API_TOKEN", "fake-token"), ("API_TOKEN", "not-a-real-token"),
    ("AWS_ACCESS_KEY_ID", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_SECRET_ACCESS_KEY", "minioadmin"), ("MINIO_ROOT_PASSWORD", "minio123"),
    ("GITHUB_TOKEN", "gh" + "p_" + "x" * 36), ("GITHUB_TOKEN", "gh" + "p_" + "1234567890" * 3 + "123456"),
    ("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T" + "0" * 8 + "/B" + "0" * 8 + "/" + "X" * 24),
    ("SLACK_TOKEN", "xo" + "xb-your-token-here"), ("STRIPE_KEY", "sk_li" + "ve_..."),
    ("DATABASE_URL", "postgres://postgres:postgres@db:5432/app"), ("DATABASE_URL", "postgres://user:password@localhost/db"),
    ("DATABASE_URL", "postgresql://app:$(DB_PASSWORD)@db:5432/app"), ("DATABASE_URL", "mysql://root:root@mysql/app"),
    ("DATABASE_URL", "postgres://app@db:5432/app?sslmode=verify-full"), ("AMQP_URL", "amqp://guest:guest@mq:5672/"),
    ("REDIS_URL", "redis://:${REDIS_PASSWORD}@redis:6379/0"), ("MONGO_URL", "mongodb://<user>:<password>@mongo:27017"),
    ("PASSWORD_FILE", "/run/secrets/password"), ("TOKEN_PATH", "/var/run/secrets/kubernetes.io/serviceaccount/token"),
    ("SECRET_NAME", "orders-db-credentials"), ("SECRET_KEY_REF", "orders-db/password"), ("TOKEN_URL", "https://login.shop.internal/oauth2/token"),
    ("TOKEN_ISSUER", "https://accounts.shop.internal"), ("TOKEN_EXPIRY", "3600s"), ("TOKEN_AUDIENCE", "vault"),
    ("PASSWORD_POLICY", "length(12) and digits(1)"), ("PASSWORD_RESET_URL", "https://shop.internal/reset"),
    ("KEY_ID", "2f7a-orders"), ("KEYCLOAK_REALM", "shop"), ("KEYSTORE_PATH", "/etc/keys/store.jks"),
    ("PUBLIC_KEY_PATH", "/etc/keys/pub.pem"), ("SSH_KEY_PATH", "~/.ssh/id_ed25519"), ("AUTH_METHOD", "kubernetes"),
    ("VAULT_SECRET", "vault:secret/data/orders#password"), ("DB_PASSWORD", "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w=="),
    ("DB_PASSWORD", "ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:Ay=,type:str]"),
    ("DB_PASSWORD", "ref+awssecrets://prod/orders#/password"), ("DB_PASSWORD", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf"),
    ("DB_PASSWORD", "projects/shop-prod/secrets/db-password/versions/latest"), ("DB_PASSWORD", "op://prod/orders-db/password"),
    ("DB_PASSWORD", "@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/db/)"),
    ("DB_PASSWORD", "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"),
    ("DB_PASSWORD", "{SSHA}d0Q0626PSH9VUld7yWpR0k6BlpQmtczb"), ("DB_PASSWORD", "md5a6343a68d964ca596d9752250d54bb8a"),
    ("DB_PASSWORD", "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0$c3RvcmVka2V5c3RvcmVka2V5c3RvcmVka2V5c3Q=:c2VydmVya2V5"),
    ("htpasswd", "admin:$apr1$5pZSV9va$azfrPr6QwgCHdXNZDxSaD."), ("bearer_token_file", "/etc/prometheus/token"),
    ("NEXT_PUBLIC_API_URL", "https://api.shop.internal"), ("COOKIE_NAME", "__Host-session-token"),
    ("CSRF_TOKEN_HEADER", "X-CSRF-Token"), ("PASSWORD_ENCODER", "org.springframework.security.crypto.bcrypt"),
    ("JAVA_OPTS", "-Djavax.net.ssl.trustStorePassword=changeit -Xmx512m"), ("GREETING", "Please keep your password secret!"),
    # Published: keys of emulators, shipped defaults, the samples of documentation.
    ("AZURE_STORAGE_CONNECTION_STRING", "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;Account" + "Key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"),
    ("COSMOS_KEY", "AccountEndpoint=https://cosmos:8081/;Account" + "Key=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="),
    ("STRIPE_SECRET_KEY", "sk_te" + "st_4eC39HqLyjWDarjtT1zdp7dc"), ("BOT_TOKEN", "110201543:A" + "AHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"),
    ("DISCORD_TOKEN", "MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"),
    ("MINIO_SECRET_KEY", "zuf+tfteSlswRu7BJ86wekitnifILbZam1KYY3TG"), ("GF_SECURITY_SECRET_KEY", "SW2YcwTIb9zpOOhoPsMm"),
    ("DEPLOYER_PRIVATE_KEY", "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    ("GOOGLE_API_KEY", "AI" + "zaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe"), ("GITHUB_TOKEN", "gh" + "p_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("FERNET_KEY", "46BKJoQYlPPOexq0OhDZnIlNepKFf87WFwLbfzqDDho="),
    ("ENABLE_TOKEN_AUTH", "true"), ("AUTH_TOKEN_HEADER_NAME", "X-Shop-Auth-Token-V2"), ("secretStore", "aws-secretsmanager"),
]


def generated(make):
    """Made anew for each run: ids, digests, public parts, sealed text."""
    return [
        ("GIT_COMMIT", make.run(HEX, 40)), ("IMAGE_DIGEST", "sha256:" + make.run(HEX, 64)), ("BUILD_SHA", make.run(HEX, 64)),
        ("CONFIG_CHECKSUM", make.run(HEX, 64)), ("ETAG", '"' + make.run(HEX, 32) + '"'), ("REQUEST_ID", make.uuid()),
        ("CLUSTER_ID", make.uuid()), ("TENANT_ID", make.uuid()), ("AZURE_CLIENT_ID", make.uuid()), ("ARM_SUBSCRIPTION_ID", make.uuid()),
        ("GOOGLE_CLIENT_ID", make.run(DIGITS, 12) + "-" + make.run(LOWER, 32) + ".apps.googleusercontent.com"),
        ("AUTH0_CLIENT_ID", make.run(ALNUM, 32)), ("TWILIO_ACCOUNT_SID", "A" + "C" + make.run(HEX, 32)),
        ("STRIPE_PUBLISHABLE_KEY", "pk_li" + "ve_" + make.run(ALNUM, 24)), ("SENTRY_DSN", f"https://{make.run(HEX, 32)}@o1.ingest.sentry.io/{make.run(DIGITS, 6)}"),
        ("MAPBOX_TOKEN", "pk." + b64url('{"u":"shop","a":"' + make.run(LOWER, 25) + '"}') + "." + make.run(ALNUM, 22)),
        ("AWS_ACCESS_KEY_ID", "AS" + "IA" + make.run(BASE32, 16)), ("KMS_KEY_ID", "arn:aws:kms:eu-central-1:123456789012:key/" + make.uuid()),
        ("ALGOLIA_APP_ID", make.run("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 10)), ("GA_MEASUREMENT_ID", "G-" + make.run("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 10)),
        ("SSH_HOST_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + make.run(STANDARD, 43)), ("RECAPTCHA_SITE_KEY", "6L" + make.run(ALNUM, 38)),
        ("INTEGRITY", "sha512-" + make.run(STANDARD, 86) + "=="), ("GO_SUM", "h1:" + make.run(STANDARD, 43) + "="),
        ("SAMPLE_JWT", jwt(make, {"sub": "1234567890", "name": "John Doe", "iat": 1516239022})),
        ("SUPABASE_ANON_KEY", jwt(make, {"iss": "supabase", "ref": make.run(LOWER, 20), "role": "anon", "exp": 2000000000})),
        ("PUBLIC_KEY", b64(make.octets(91))), ("POD_HASH", "orders-" + make.run("bcdfghjklmnpqrstvwxz2456789", 10) + "-" + make.run("bcdfghjklmnpqrstvwxz2456789", 5)),
        ("NODE_NAME", f"ip-10-{make.between(0, 255)}-{make.between(0, 255)}-{make.between(0, 255)}.eu-central-1.compute.internal"),
        ("IMAGE", f"{make.run(DIGITS, 12)}.dkr.ecr.eu-central-1.amazonaws.com/orders@sha256:{make.run(HEX, 64)}"),
        ("TRACE_ID", make.run(HEX, 32)), ("VPC_ID", "vpc-" + make.run(HEX, 17)), ("DASHBOARD_UID", make.run(ALNUM, 9)),
        ("ROLE_ARN", "arn:aws:iam::123456789012:role/orders-" + make.run(ALNUM, 12)), ("BUCKET", "shop-logs-" + make.run(LOWER, 12)),
    ]


def certificate(make):
    lines = "\n".join(make.run(STANDARD, 64) for _ in range(14))
    return f"-----BEGIN CERTIFICATE-----\nMIID{lines}\n-----END CERTIFICATE-----\n"


def documents(make):
    """Whole objects whose credentials are where they belong, or that hold public material."""
    ciphertext = "AgB" + make.run(STANDARD, 600)
    return [
        [{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": places.meta(make),
          "spec": {"encryptedData": {"password": ciphertext, "api-key": "AgA" + make.run(STANDARD, 500)}}}],
        [{"apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret", "metadata": places.meta(make),
          "spec": {"secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"}, "target": {"name": "orders-db"},
                   "data": [{"secretKey": "password", "remoteRef": {"key": "secret/data/orders", "property": "password"}}]}}],
        [places.config_map(make, {"ca.crt": certificate(make)})],
        [places.config_map(make, {"ca-bundle.pem": b64(certificate(make))})],
        [{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": "w"},
          "webhooks": [{"name": "w.shop.internal", "clientConfig": {"caBundle": b64(certificate(make)), "service": {"name": "w", "namespace": "shop"}}}]}],
        [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": places.meta(make), "secrets": [{"name": "default-token-" + make.run(LOWER, 5)}],
          "imagePullSecrets": [{"name": "registry-credentials"}]}],
        [places.workload(make, places.pod(make, {"envFrom": [{"secretRef": {"name": "orders-secrets"}}],
                                                 "volumeMounts": [{"name": "tls", "mountPath": "/etc/tls"}]}))],
        [places.config_map(make, {"dashboard.json": '{"uid":"' + make.run(ALNUM, 9) + '","panels":[{"datasource":{"uid":"P' + make.run(HEX, 16).upper() + '"}}]}'})],
        [places.config_map(make, {"package-lock.json": '{"lockfileVersion":3,"packages":{"node_modules/a":{"integrity":"sha512-' + make.run(STANDARD, 86) + '=="}}}'})],
        [places.config_map(make, {"prometheus.yml": "scrape_configs:\n- job_name: api\n  bearer_token_file: /var/run/secrets/token\n  basic_auth:\n    username: metrics\n    password_file: /etc/p/password\n"})],
        [places.config_map(make, {"entry.sh": "PASSWORD=$(cat /run/secrets/db)\nTOKEN=${TOKEN:?missing}\ncurl -u \"$USER:$PASSWORD\" -H \"Authorization: Bearer ${TOKEN}\" https://api\nmysql -p\"$PASSWORD\" -e 'select 1'\n"})],
        [places.config_map(make, {"icon.png.b64": b64(b"\x89PNG\r\n\x1a\n" + make.octets(400))})],
        [places.config_map(make, {"known_hosts": "git.shop.internal ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ" + make.run(STANDARD, 300) + "\n"})],
        [places.config_map(make, {"users.htpasswd": "ops:$2y$05$" + make.run(ALNUM, 53) + "\n"})],
        [{"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": places.meta(make),
          "spec": {"secretName": "orders-tls", "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always"}, "dnsNames": ["shop.internal"]}}],
    ]
