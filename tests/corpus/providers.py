"""One grammar per kind of credential: how its issuer makes it, and what people call it.

Each entry: kind -> (function of a Maker, names that the field goes by). Values are made up at run
time; prefixes are written apart from what follows, so that no file here looks like a leak.
"""
import json
import subprocess

from alphabets import (ALNUM, BASE32, DIGITS, HEX, LOWER, PUNCTUATED, STANDARD, UPPER, URLSAFE, b64,
                       b64url, bech32, jwt, with_crc62)


def crc_suffixed(make):
    import zlib
    body = "gl" + "sa_" + make.run(ALNUM, 32)
    return body + "_" + zlib.crc32(body.encode()).to_bytes(4, "little").hex()


def private_key(kind):
    def generate(make):
        if kind == "openssh":
            import os
            import tempfile
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "k")
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", path],
                               check=True)
                with open(path) as file:
                    return file.read()
        arguments = {"rsa": ["genrsa", "-traditional", "1024"],
                     "pkcs8": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
                     "ec": ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]}[kind]
        return subprocess.run(["openssl"] + arguments, check=True, capture_output=True,
                              text=True).stdout
    return generate


def google_account(make):
    return json.dumps({"type": "service_account", "project_id": "shop-prod",
                       "private_key_id": make.run(HEX, 40),
                       "private_key": private_key("pkcs8")(make),
                       "client_email": "ci@shop-prod.iam.gserviceaccount.com",
                       "client_id": make.run(DIGITS, 21),
                       "token_uri": "https://oauth2.googleapis.com/token"}, indent=2)


def chosen(make):
    """What people think up under a password policy."""
    words = ["Winter", "Falcon", "Horse", "Kestrel", "Granite", "Bridge", "Sommer", "Orchid", "Rocket",
             "Copper", "Lantern", "Meadow", "Tiger", "Pepper", "Harbor", "Velvet"]
    style = make.between(0, 5)
    one, two = make.pick(words), make.pick(words)
    number = make.between(10, 9999)
    mark = make.pick("!#$%?*&")
    if style == 0:
        return f"{one}{two}{number}{mark}"
    if style == 1:
        return f"{one}{mark}{two.lower()}{number}"
    if style == 2:
        return one.replace("e", "3").replace("o", "0") + mark + str(number) + two.lower()
    if style == 3:
        return f"{number}-{one}.{two}{mark}"
    if style == 4:
        return f"{one.lower()}_{number}{two.upper()}{mark}"
    return f"{make.pick('BCDFGK')}{make.pick('aeiou')}{make.run(ALNUM, 3)}{mark}{number}{make.run(LOWER, 2)}"


P = {}


def kind(name, made, *names):
    P[name] = (made, names)


# --- code and packages -------------------------------------------------------------------------
for letter, name in (("p", "personal"), ("o", "oauth"), ("u", "user"), ("s", "server"), ("r", "refresh")):
    kind(f"github-{name}", lambda m, letter=letter: with_crc62(f"gh{letter}" + "_", m.run(ALNUM, 30)),
         "GITHUB_TOKEN", "GH_TOKEN", "githubToken")
kind("github-fine-grained", lambda m: "github" + "_pat_" + m.run(ALNUM, 22) + "_" + m.run(ALNUM, 59),
     "GITHUB_TOKEN", "GH_PAT")
kind("gitlab-pat", lambda m: "gl" + "pat-" + m.run(URLSAFE, 20), "GITLAB_TOKEN", "CI_JOB_TOKEN")
kind("gitlab-pat-routable",
     lambda m: "gl" + "pat-" + m.run(URLSAFE, 27) + ".01." + m.run(LOWER, 9), "GITLAB_TOKEN")
kind("gitlab-runner", lambda m: "gl" + "rt-" + m.run(URLSAFE, 20), "RUNNER_TOKEN", "CI_SERVER_TOKEN")
kind("gitlab-deploy", lambda m: "gl" + "dt-" + m.run(URLSAFE, 20), "DEPLOY_TOKEN")
kind("gitlab-trigger", lambda m: "gl" + "ptt-" + m.run(HEX, 40), "TRIGGER_TOKEN")
kind("gitlab-agent", lambda m: "gl" + "agent-" + m.run(URLSAFE, 50), "AGENT_TOKEN", "config.token")
kind("npm", lambda m: with_crc62("np" + "m_", m.run(ALNUM, 30)), "NPM_TOKEN", "_authToken")
kind("pypi", lambda m: "py" + "pi-" + b64url(b"\x02\x01\x08py" b"pi.org\x02" + m.octets(120)),
     "TWINE_PASSWORD", "PYPI_TOKEN")
kind("rubygems", lambda m: "ruby" + "gems_" + m.run(HEX, 48), "GEM_HOST_API_KEY")
kind("crates", lambda m: "ci" + "o" + m.run(ALNUM, 32), "CARGO_REGISTRY_TOKEN")
kind("docker-hub", lambda m: "dckr" + "_pat_" + m.run(URLSAFE, 27), "DOCKER_PASSWORD", "DOCKERHUB_TOKEN")
kind("artifactory", lambda m: "AK" + "Cp" + m.run(ALNUM, 69), "ARTIFACTORY_API_KEY", "JFROG_API_KEY")
kind("artifactory-reference", lambda m: "cmVmdGtu" + m.run(ALNUM, 56), "JFROG_ACCESS_TOKEN")
kind("circleci", lambda m: "CCI" + "PAT_" + m.run(ALNUM, 22) + "_" + m.run(HEX, 40), "CIRCLE_TOKEN")
kind("buildkite", lambda m: "bk" + "ua_" + m.run(HEX, 40), "BUILDKITE_API_TOKEN")
kind("pulumi", lambda m: "pu" + "l-" + m.run(HEX, 40), "PULUMI_ACCESS_TOKEN")
kind("terraform-cloud", lambda m: m.run(ALNUM, 14) + ".atlas" + "v1." + m.run(ALNUM, 67), "TFE_TOKEN")
kind("vault-service", lambda m: "hv" + "s." + m.run(URLSAFE, 92), "VAULT_TOKEN")
kind("vault-legacy", lambda m: "s." + m.run(ALNUM, 24), "VAULT_TOKEN")
kind("sonar", lambda m: "sq" + m.pick(["p", "u", "a"]) + "_" + m.run(HEX, 40), "SONAR_TOKEN")
kind("sentry-user", lambda m: "sntr" + "yu_" + m.run(HEX, 64), "SENTRY_AUTH_TOKEN")
kind("sentry-org", lambda m: "sntr" + "ys_" + b64(json.dumps(
    {"iat": 1718000000.1, "url": "https://sentry.io", "region_url": "https://us.sentry.io", "org": "shop"}))
     + "_" + m.run(STANDARD, 43), "SENTRY_AUTH_TOKEN")
kind("travis", lambda m: m.run(ALNUM, 22), "TRAVIS_API_TOKEN", "TRAVIS_TOKEN")
kind("codecov", lambda m: m.uuid(), "CODECOV_TOKEN")
kind("snyk", lambda m: m.uuid(), "SNYK_TOKEN")

# --- clouds ------------------------------------------------------------------------------------
kind("aws-secret", lambda m: m.run(STANDARD, 40), "AWS_SECRET_ACCESS_KEY", "aws_secret_access_key",
     "S3_SECRET_KEY")
kind("google-api", lambda m: "AI" + "za" + m.run(URLSAFE, 35), "GOOGLE_MAPS_KEY", "GOOGLE_API_KEY")
kind("google-oauth-secret", lambda m: "GOC" + "SPX-" + m.run(URLSAFE, 28), "OAUTH_CLIENT_SECRET",
     "GOOGLE_CLIENT_SECRET")
kind("google-account", google_account, "GOOGLE_CREDENTIALS", "key.json", "GCP_SA_KEY")
kind("azure-storage", lambda m: "DefaultEndpointsProtocol=https;AccountName=shopdata;Account" + "Key="
     + b64(m.octets(64)) + ";EndpointSuffix=core.windows.net", "AZURE_STORAGE_CONNECTION_STRING",
     "AzureWebJobsStorage")
kind("azure-servicebus", lambda m: "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName="
     "RootManageSharedAccessKey;SharedAccess" + "Key=" + b64(m.octets(32)), "SERVICEBUS_CONNECTION",
     "ServiceBus__ConnectionString")
kind("azure-client", lambda m: m.run(ALNUM, 3) + m.run(DIGITS, 1) + "Q~" + m.run(URLSAFE, 34),
     "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET")
kind("azure-sas", lambda m: "https://shopdata.blob.core.windows.net/in?sv=2022-11-02&ss=b&srt=sco&sp=rwl"
     "&se=2031-01-01T00:00:00Z&si" + "g=" + b64(m.octets(32)).replace("+", "%2B").replace("/", "%2F")
     .replace("=", "%3D"), "BLOB_URL", "UPLOAD_SAS_URL")
kind("digitalocean", lambda m: "do" + "p_v1_" + m.run(HEX, 64), "DIGITALOCEAN_TOKEN", "DO_API_TOKEN")
kind("linode", lambda m: m.run(HEX, 64), "LINODE_TOKEN", "LINODE_API_TOKEN")
kind("hetzner", lambda m: m.run(ALNUM, 64), "HCLOUD_TOKEN")
kind("scaleway", lambda m: m.uuid(), "SCW_SECRET_KEY")
kind("cloudflare-api", lambda m: m.run(URLSAFE, 40), "CF_API_TOKEN", "CLOUDFLARE_API_TOKEN")
kind("cloudflare-global", lambda m: m.run(HEX, 37), "CF_API_KEY", "CLOUDFLARE_API_KEY")
kind("heroku", lambda m: "HR" + "KU-AA" + m.run(URLSAFE, 58), "HEROKU_API_KEY")
kind("netlify", lambda m: "nf" + "p_" + m.run(ALNUM, 36), "NETLIFY_AUTH_TOKEN")
kind("vercel", lambda m: m.run(ALNUM, 24), "VERCEL_TOKEN")
kind("supabase", lambda m: "sb" + "p_" + m.run(HEX, 40), "SUPABASE_ACCESS_TOKEN")
kind("supabase-service", lambda m: jwt(m, {"iss": "supabase", "ref": m.run(LOWER, 20),
                                           "role": "service_role", "iat": 1690000000,
                                           "exp": 2000000000}), "SUPABASE_SERVICE_KEY")
kind("planetscale", lambda m: "pscale" + "_pw_" + m.run(URLSAFE, 43), "DATABASE_PASSWORD")
kind("databricks", lambda m: "da" + "pi" + m.run(HEX, 32), "DATABRICKS_TOKEN")
kind("snowflake-password", chosen, "SNOWFLAKE_PASSWORD")
kind("confluent", lambda m: m.run(STANDARD, 64), "CONFLUENT_API_SECRET", "KAFKA_API_SECRET")
kind("fastly", lambda m: m.run(URLSAFE, 32), "FASTLY_API_TOKEN", "FASTLY_API_KEY")
kind("ovh", lambda m: m.run(ALNUM, 32), "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY")
kind("alibaba-secret", lambda m: m.run(ALNUM, 30), "ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")

# --- people and money --------------------------------------------------------------------------
kind("stripe", lambda m: "sk_li" + "ve_" + m.run(ALNUM, m.pick([24, 99])), "STRIPE_SECRET_KEY", "STRIPE_API_KEY")
kind("stripe-restricted", lambda m: "rk_li" + "ve_" + m.run(ALNUM, 99), "STRIPE_KEY")
kind("stripe-webhook", lambda m: "wh" + "sec_" + m.run(ALNUM, 32), "STRIPE_WEBHOOK_SECRET")
kind("square", lambda m: "EAAA" + m.run(URLSAFE, 60), "SQUARE_ACCESS_TOKEN")
kind("paypal", lambda m: "E" + m.run(URLSAFE, 79), "PAYPAL_CLIENT_SECRET", "PAYPAL_SECRET")
kind("braintree", lambda m: "access_token$production$" + m.run(LOWER, 16) + "$" + m.run(HEX, 32),
     "BRAINTREE_ACCESS_TOKEN")
kind("adyen", lambda m: "AQE" + m.run(ALNUM, 70) + "-" + m.run(STANDARD, 43) + "=-" + m.run(ALNUM, 16),
     "ADYEN_API_KEY")
kind("plaid", lambda m: m.run(HEX, 30), "PLAID_SECRET")
kind("coinbase", lambda m: m.run(ALNUM, 32), "COINBASE_API_SECRET")
kind("shopify", lambda m: "shp" + m.pick(["at", "ss", "ca", "pa"]) + "_" + m.run(HEX, 32),
     "SHOPIFY_ACCESS_TOKEN", "SHOPIFY_API_SECRET")
kind("flutterwave", lambda m: "FLWSECK-" + m.run(HEX, 32) + "-X", "FLW_SECRET_KEY")
kind("razorpay", lambda m: m.run(ALNUM, 24), "RAZORPAY_KEY_SECRET")

# --- messages ----------------------------------------------------------------------------------
kind("slack-bot", lambda m: "xo" + "xb-" + m.run(DIGITS, 12) + "-" + m.run(DIGITS, 13) + "-" + m.run(ALNUM, 24),
     "SLACK_TOKEN", "SLACK_BOT_TOKEN")
kind("slack-user", lambda m: "xo" + "xp-" + "-".join(m.run(DIGITS, 12) for _ in range(3)) + "-" + m.run(HEX, 32),
     "SLACK_TOKEN")
kind("slack-app", lambda m: "xa" + "pp-1-A" + m.run(UPPER, 10) + "-" + m.run(DIGITS, 13) + "-" + m.run(HEX, 64),
     "SLACK_APP_TOKEN")
kind("slack-webhook", lambda m: "https://hooks.slack." + "com/services/T" + m.run(UPPER, 10) + "/B"
     + m.run(UPPER, 10) + "/" + m.run(ALNUM, 24), "SLACK_WEBHOOK_URL", "slack_api_url")
kind("teams-webhook", lambda m: f"https://shop.webhook.office.com/webhookb2/{m.uuid()}@{m.uuid()}"
     f"/IncomingWebhook/{m.run(HEX, 32)}/{m.uuid()}", "TEAMS_WEBHOOK")
kind("discord-bot", lambda m: b64url(m.pick("123") + m.run(DIGITS, 17)) + "." + m.run(ALNUM, 6) + "."
     + m.run(URLSAFE, 38), "DISCORD_TOKEN", "BOT_TOKEN")
kind("discord-webhook", lambda m: "https://discord.com/api/web" + "hooks/" + m.run(DIGITS, 18) + "/"
     + m.run(URLSAFE, 68), "DISCORD_WEBHOOK")
kind("telegram", lambda m: m.run("123456789", 1) + m.run(DIGITS, 9) + ":A" + "A" + m.run(URLSAFE, 33),
     "TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN")
kind("twilio", lambda m: m.run(HEX, 32), "TWILIO_AUTH_TOKEN")
kind("sendgrid", lambda m: "S" + "G." + m.run(URLSAFE, 22) + "." + m.run(URLSAFE, 43), "SENDGRID_API_KEY",
     "SMTP_PASSWORD")
kind("mailgun", lambda m: "ke" + "y-" + m.run(HEX, 32), "MAILGUN_API_KEY")
kind("mailgun-new", lambda m: m.run(HEX, 32) + "-" + m.run(HEX, 8) + "-" + m.run(HEX, 8), "MAILGUN_API_KEY")
kind("mailchimp", lambda m: m.run(HEX, 32) + "-us" + m.run("123456789", 1), "MAILCHIMP_API_KEY")
kind("brevo", lambda m: "xkey" + "sib-" + m.run(HEX, 64) + "-" + m.run(ALNUM, 16), "BREVO_API_KEY")
kind("postmark", lambda m: m.uuid(), "POSTMARK_SERVER_TOKEN", "POSTMARK_API_TOKEN")
kind("ses-smtp", lambda m: "B" + m.run(STANDARD, 43), "SMTP_PASSWORD", "EMAIL_HOST_PASSWORD")
kind("intercom", lambda m: b64("tok:" + m.run(HEX, 8) + "_" + m.run(HEX, 32)), "INTERCOM_ACCESS_TOKEN")
kind("zendesk", lambda m: m.run(ALNUM, 40), "ZENDESK_API_TOKEN")
kind("hubspot", lambda m: "pat-" + m.pick(["na1", "eu1"]) + "-" + m.uuid(), "HUBSPOT_ACCESS_TOKEN",
     "HUBSPOT_TOKEN")

# --- watching ----------------------------------------------------------------------------------
kind("datadog-api", lambda m: m.run(HEX, 32), "DD_API_KEY", "DATADOG_API_KEY")
kind("datadog-app", lambda m: m.run(HEX, 40), "DD_APP_KEY", "DATADOG_APP_KEY")
kind("grafana-account", crc_suffixed, "GRAFANA_TOKEN", "GRAFANA_API_KEY")
kind("grafana-cloud", lambda m: "gl" + "c_" + b64(json.dumps({"o": "812", "n": "stack-hm-write",
     "k": m.run(ALNUM, 24), "m": {"r": "us"}})), "GRAFANA_CLOUD_TOKEN")
kind("newrelic-license", lambda m: m.run(HEX, 36) + "NR" + "AL", "NEW_RELIC_LICENSE_KEY")
kind("newrelic-user", lambda m: "NR" + "AK-" + m.run(UPPER, 27), "NEW_RELIC_API_KEY")
kind("dynatrace", lambda m: "dt" + "0c01." + m.run(BASE32, 24) + "." + m.run(BASE32, 64), "DT_API_TOKEN")
kind("honeycomb", lambda m: m.run(ALNUM, 22), "HONEYCOMB_API_KEY")
kind("pagerduty", lambda m: m.run(URLSAFE, 20), "PAGERDUTY_TOKEN", "PAGERDUTY_API_KEY")
kind("pagerduty-routing", lambda m: m.run(HEX, 32), "PAGERDUTY_INTEGRATION_KEY")
kind("opsgenie", lambda m: m.uuid(), "OPSGENIE_API_KEY")
kind("splunk-hec", lambda m: m.uuid(), "SPLUNK_HEC_TOKEN")
kind("elastic-api", lambda m: b64(m.run(URLSAFE, 20) + ":" + m.run(URLSAFE, 22)), "ELASTIC_API_KEY")
kind("logzio", lambda m: m.run(ALNUM, 32), "LOGZIO_TOKEN")
kind("rollbar", lambda m: m.run(HEX, 32), "ROLLBAR_ACCESS_TOKEN")
kind("bugsnag", lambda m: m.run(HEX, 32), "BUGSNAG_API_KEY")
kind("launchdarkly", lambda m: "sd" + "k-" + m.uuid(), "LAUNCHDARKLY_SDK_KEY")

# --- models ------------------------------------------------------------------------------------
kind("openai", lambda m: "sk-pr" + "oj-" + m.run(URLSAFE, 74) + "T3Blbk" + "FJ" + m.run(URLSAFE, 74), "OPENAI_API_KEY")
kind("openai-old", lambda m: "s" + "k-" + m.run(ALNUM, 20) + "T3Blbk" + "FJ" + m.run(ALNUM, 20), "OPENAI_API_KEY")
kind("anthropic", lambda m: "sk-a" + "nt-api03-" + m.run(URLSAFE, 93) + "AA", "ANTHROPIC_API_KEY")
kind("huggingface", lambda m: "h" + "f_" + m.run(ALNUM, 34), "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
kind("groq", lambda m: "gs" + "k_" + m.run(ALNUM, 52), "GROQ_API_KEY")
kind("replicate", lambda m: "r" + "8_" + m.run(ALNUM, 37), "REPLICATE_API_TOKEN")
kind("perplexity", lambda m: "ppl" + "x-" + m.run(ALNUM, 48), "PERPLEXITY_API_KEY")
kind("mistral", lambda m: m.run(ALNUM, 32), "MISTRAL_API_KEY")
kind("cohere", lambda m: m.run(ALNUM, 40), "COHERE_API_KEY", "CO_API_KEY")
kind("pinecone", lambda m: "pc" + "sk_" + m.run(ALNUM, 5) + "_" + m.run(ALNUM, 63), "PINECONE_API_KEY")
kind("wandb", lambda m: m.run(HEX, 40), "WANDB_API_KEY")
kind("deepseek", lambda m: "s" + "k-" + m.run(HEX, 32), "DEEPSEEK_API_KEY")
kind("openrouter", lambda m: "sk-o" + "r-v1-" + m.run(HEX, 64), "OPENROUTER_API_KEY")
kind("langsmith", lambda m: "ls" + "v2_pt_" + m.run(HEX, 32) + "_" + m.run(HEX, 10), "LANGCHAIN_API_KEY")

# --- work --------------------------------------------------------------------------------------
kind("atlassian", lambda m: "ATA" + "TT3xFfGF0" + m.run(URLSAFE, 175) + "=" + m.run(UPPER, 8), "JIRA_API_TOKEN",
     "CONFLUENCE_TOKEN")
kind("bitbucket-app", lambda m: "AT" + "BB" + m.run(ALNUM, 32), "BITBUCKET_APP_PASSWORD")
kind("linear", lambda m: "lin_a" + "pi_" + m.run(ALNUM, 40), "LINEAR_API_KEY")
kind("notion", lambda m: "nt" + "n_" + m.run(DIGITS, 11) + m.run(ALNUM, 35), "NOTION_TOKEN")
kind("notion-old", lambda m: "secr" + "et_" + m.run(ALNUM, 43), "NOTION_API_KEY")
kind("airtable", lambda m: "pa" + "t" + m.run(ALNUM, 14) + "." + m.run(HEX, 64), "AIRTABLE_API_KEY")
kind("asana", lambda m: "1/" + m.run(DIGITS, 16) + ":" + m.run(HEX, 32), "ASANA_TOKEN")
kind("figma", lambda m: "fi" + "gd_" + m.run(URLSAFE, 40), "FIGMA_TOKEN")
kind("postman", lambda m: "PM" + "AK-" + m.run(HEX, 24) + "-" + m.run(HEX, 34), "POSTMAN_API_KEY")
kind("okta", lambda m: "00" + m.run(URLSAFE, 40), "OKTA_API_TOKEN", "OKTA_TOKEN")
kind("auth0", lambda m: m.run(URLSAFE, 64), "AUTH0_CLIENT_SECRET")
kind("algolia", lambda m: m.run(HEX, 32), "ALGOLIA_ADMIN_KEY", "ALGOLIA_API_KEY")
kind("mapbox", lambda m: "sk." + b64url(json.dumps({"u": "shop", "a": m.run(LOWER, 25)}, separators=(",", ":")))
     + "." + m.run(URLSAFE, 22), "MAPBOX_SECRET_TOKEN", "MAPBOX_ACCESS_TOKEN")
kind("contentful", lambda m: "CF" + "PAT-" + m.run(URLSAFE, 43), "CONTENTFUL_MANAGEMENT_TOKEN")
kind("dropbox", lambda m: "s" + "l.B" + m.run(URLSAFE, 136), "DROPBOX_ACCESS_TOKEN")
kind("facebook", lambda m: "EAAC" + m.run(ALNUM, 170), "FB_ACCESS_TOKEN")
kind("twitter-bearer", lambda m: "AAAAAAAAAAAAAAAAAAAAA" + m.run(ALNUM, 30) + "%3D" + m.run(ALNUM, 50),
     "TWITTER_BEARER_TOKEN")
kind("tailscale", lambda m: "ts" + "key-auth-" + m.run(ALNUM, 12) + "CNTRL-" + m.run(ALNUM, 32), "TS_AUTHKEY")
kind("ngrok", lambda m: m.run(ALNUM, 27) + "_" + m.run(ALNUM, 21), "NGROK_AUTHTOKEN")
kind("doppler", lambda m: "dp" + ".st.prd." + m.run(ALNUM, 43), "DOPPLER_TOKEN")
kind("onepassword", lambda m: "op" + "s_" + b64url(json.dumps({"signInAddress": "shop.1password.com",
     "secretKey": "A3-" + m.run(UPPER, 30), "srpX": m.run(HEX, 64), "muk": {"k": m.run(URLSAFE, 43)}})),
     "OP_SERVICE_ACCOUNT_TOKEN")
kind("age", lambda m: bech32("age-secret-key-", m.octets(32)).upper(), "SOPS_AGE_KEY", "keys.txt")
kind("flyio", lambda m: "FlyV1 fm2_" + m.run(STANDARD, 300), "FLY_API_TOKEN")
kind("prefect", lambda m: "pn" + "u_" + m.run(ALNUM, 36), "PREFECT_API_KEY")
kind("cloudinary", lambda m: "cloudinary://" + m.run(DIGITS, 15) + ":" + m.run(URLSAFE, 27) + "@shop", "CLOUDINARY_URL")
kind("sentry-dsn-secret", lambda m: f"https://{m.run(HEX, 32)}:{m.run(HEX, 32)}@sentry.shop.internal/4", "SENTRY_DSN")

# --- keys and tokens ---------------------------------------------------------------------------
for form in ("rsa", "pkcs8", "ec", "openssh"):
    kind(f"private-key-{form}", private_key(form), "tls.key", "id_rsa", "PRIVATE_KEY", "signing.pem")
kind("jwt", lambda m: jwt(m, {"sub": "svc-billing", "iss": "https://login.shop.internal", "aud": "api",
                              "exp": 2000000000}, m.pick(["HS256", "RS256"])), "API_TOKEN", "SERVICE_JWT")
kind("service-account-token", lambda m: jwt(m, {
    "iss": "kubernetes/serviceaccount", "kubernetes.io/serviceaccount/namespace": "ci",
    "kubernetes.io/serviceaccount/secret.name": "deployer-token-x2v9q",
    "sub": "system:serviceaccount:ci:deployer"}, "RS256"), "K8S_TOKEN", "token")

# --- called by a name only ---------------------------------------------------------------------
kind("password-random", lambda m: m.mixed(m.pick([ALNUM, LOWER, URLSAFE]), m.between(16, 32)), "DB_PASSWORD",
     "POSTGRES_PASSWORD", "redis-password", "spring.datasource.password", "adminPassword", "MYSQL_ROOT_PASSWORD")
kind("password-openssl", lambda m: b64(m.octets(m.pick([18, 24, 32]))), "DB_PASSWORD", "RABBITMQ_DEFAULT_PASS",
     "MONGO_INITDB_ROOT_PASSWORD")
kind("password-hex", lambda m: m.run(HEX, m.pick([24, 32, 40])), "REDIS_PASSWORD", "db_passwd")
kind("password-punctuated", lambda m: m.mixed(PUNCTUATED, m.between(14, 24)), "LDAP_BIND_PASSWORD",
     "KEYCLOAK_ADMIN_PASSWORD", "SA_PASSWORD")
kind("password-chosen", chosen, "DB_PASSWORD", "MYSQL_PASSWORD", "ADMIN_PASSWORD", "db.password", "smtpPass")
kind("django-secret", lambda m: m.run("abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)", 50),
     "DJANGO_SECRET_KEY", "SECRET_KEY")
kind("rails-secret", lambda m: m.run(HEX, 128), "SECRET_KEY_BASE")
kind("jwt-secret", lambda m: m.pick([m.run(HEX, 64), b64(m.octets(48)), m.run(ALNUM, 40)]), "JWT_SECRET",
     "jwtSigningKey", "AUTH_SECRET", "NEXTAUTH_SECRET")
kind("encryption-key", lambda m: m.pick([m.run(HEX, 64), b64(m.octets(32))]), "ENCRYPTION_KEY", "FERNET_KEY",
     "AIRFLOW__CORE__FERNET_KEY", "COOKIE_SECRET")
kind("api-key", lambda m: m.run(m.pick([ALNUM, HEX, URLSAFE]), m.pick([32, 40])), "API_KEY", "x-api-key",
     "INTERNAL_API_TOKEN", "clientSecret", "OIDC_CLIENT_SECRET", "webhook_secret", "ACCESS_TOKEN")

LABELS = ("password-random", "github-personal", "datadog-api", "api-key", "gitlab-pat", "password-hex")
MULTILINE = {name for name in P if name.startswith("private-key") or name == "google-account"}
URLS = {"slack-webhook", "teams-webhook", "discord-webhook", "azure-sas", "cloudinary", "sentry-dsn-secret"}
PASSWORDS = {name for name in P if name.startswith("password-")}
