"""The real consoles of scenario 60, each open and locked, and the traps beside them: data only.

A console is how its pod is started; everything runs from the image e2e-consoles but where another is named.
`grants` says what its open form is good for: control (to be locked) or data (to be told, and left alone).
"""

import dataclasses

BCRYPT = "$2b$08$" + "Y" * 53  # the hash of no password that anybody knows
IDP = "https://idp.e2e.invalid"
BASIC = "guest:guest"


@dataclasses.dataclass
class Console:
    port: int
    open: list
    locked: list = None
    grants: str = "control"
    product: str = ""          # value of its label app.kubernetes.io/name
    image: str = "localhost/e2e-consoles:dev"
    env: dict = dataclasses.field(default_factory=dict)         # of both
    open_env: dict = dataclasses.field(default_factory=dict)
    locked_env: dict = dataclasses.field(default_factory=dict)
    files: dict = dataclasses.field(default_factory=dict)       # path -> text, of both
    open_files: dict = dataclasses.field(default_factory=dict)
    locked_files: dict = dataclasses.field(default_factory=dict)
    beside: list = dataclasses.field(default_factory=list)      # more containers: (command, the port it is ready on)
    account: str = ""          # ServiceAccount; none: no token
    ask: str = "/"             # what the third pod asks
    says: str = ""             # and a part of the open answer
    ports: dict = dataclasses.field(default_factory=dict)       # more ports of its Service: name -> port


def nodered(more=""):
    return f"module.exports = {{uiPort: 1880, flowFile: '/tmp/flows.json'{more}}};\n"


def admins(default=""):
    return (", adminAuth: {type: 'credentials', users: [{username: 'admin', password: '" + BCRYPT +
            "', permissions: '*'}]" + default + "}")


def phpmyadmin(auth):
    return ("<?php\n$cfg['blowfish_secret'] = '" + "k" * 32 + "';\n"
            f"$cfg['Servers'][1] = ['host' => '127.0.0.1', 'AllowNoPassword' => true, {auth}];\n"
            "$cfg['TempDir'] = '/tmp';\n")


def supervisord(more=""):
    return ("[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=/tmp/supervisord.pid\n"
            f"[inet_http_server]\nport=*:9001\n{more}"
            "[program:worker]\ncommand=/bin/sleep infinity\n")


PHP = ["php", "-S", "0.0.0.0:8080"]
MARIADB = ["sh", "-c", "mariadb-install-db --datadir=/tmp/db --auth-root-authentication-method=normal "
           "--skip-test-db >/tmp/install.log 2>&1 && exec mariadbd --datadir=/tmp/db --bind-address=0.0.0.0 "
           "--socket=/tmp/db.sock --skip-name-resolve"]
PROMETHEUS = ["prometheus", "--config.file=/etc/console/prometheus.yml", "--storage.tsdb.path=/tmp/data"]
TRAEFIK = ["traefik", "--entrypoints.web.address=:8000", "--entrypoints.traefik.address=:8080",
           "--providers.file.filename=/etc/console/routes.yaml"]
# The load that it carries whatever becomes of its console.
ROUTES = """http:
  routers:
    app: {rule: "Path(`/app`)", service: app, entryPoints: [web]}
  services:
    app: {loadBalancer: {servers: [{url: "http://127.0.0.1:8099"}]}}
"""
LOCKED_ROUTES = """http:
  routers:
    app: {rule: "Path(`/app`)", service: app, entryPoints: [web]}
    console: {rule: "PathPrefix(`/`)", service: "api@internal", entryPoints: [traefik], middlewares: [login]}
  middlewares:
    login: {basicAuth: {users: ["admin:""" + BCRYPT + """"]}}
  services:
    app: {loadBalancer: {servers: [{url: "http://127.0.0.1:8099"}]}}
"""
RABBITMQ = ["env", "RABBITMQ_MNESIA_BASE=/tmp/mnesia", "RABBITMQ_LOG_BASE=/tmp", "RABBITMQ_LOGS=-", "RABBITMQ_NODENAME=rabbit@localhost",
            "RABBITMQ_CONFIG_FILE=/etc/console/rabbitmq.conf", "RABBITMQ_PID_FILE=/tmp/rabbitmq.pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE=/etc/console/enabled_plugins", "RABBITMQ_FEATURE_FLAGS_FILE=/tmp/feature_flags",
            "rabbitmq-server"]
LOCUST = "from locust import HttpUser, events\n\n\nclass Buyer(HttpUser):\n    host = 'http://127.0.0.1:8099'\n"
LOCUST_LOGIN = """

@events.init.add_listener
def login(environment, **_):
    if environment.web_ui:
        environment.web_ui.app.secret_key = "3fb1c1f3a8d9"
        environment.web_ui.login_manager.user_loader(lambda user: None)
        environment.web_ui.auth_args = {"username_password_callback": "/authenticate"}
"""
FRONT = ["python3", "/opt/standins/front.py"]
JUPYTER = ["jupyter", "server", "--ip=0.0.0.0", "--port=8888", "--no-browser", "--ServerApp.root_dir=/tmp"]
OPEN_JUPYTER = ["jupyter", "server", "--ip=127.0.0.1", "--port=8889", "--no-browser", "--ServerApp.root_dir=/tmp",
                "--IdentityProvider.token="]

CONSOLES = {
    "kube-web-view": Console(
        8080, ["/usr/bin/python3", "-m", "kube_web", "--port", "8080"], ["/usr/bin/python3", "-m", "kube_web", "--port", "8080"],
        image="localhost/e2e-console:dev", account="looker", ask="/clusters", says="Kubernetes Web View",
        locked_env={"OAUTH2_AUTHORIZE_URL": f"{IDP}/authorize", "OAUTH2_ACCESS_TOKEN_URL": f"{IDP}/token",
                    "OAUTH2_CLIENT_ID": "web-view", "OAUTH2_CLIENT_SECRET": "not-a-secret",
                    "SESSION_SECRET_KEY": "Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU="}),
    "kubectl-proxy": Console(
        8001, ["/kubectl/kubectl", "proxy", "--address=0.0.0.0", "--accept-hosts=.*"],
        ["/kubectl/kubectl", "proxy", "--address=0.0.0.0", "--accept-hosts=.*"],
        account="looker", ask="/api/v1/namespaces?limit=1", says="NamespaceList"),
    "jupyter": Console(
        8888, [*JUPYTER, "--IdentityProvider.token="], [*JUPYTER, "--IdentityProvider.token=3fb1c1f3a8d9"],
        ask="/api/status", says='"kernels"'),
    "node-red": Console(
        1880, ["node-red", "--userDir", "/tmp", "--settings", "/etc/console/settings.js"],
        ["node-red", "--userDir", "/tmp", "--settings", "/etc/console/settings.js"],
        open_files={"/etc/console/settings.js": nodered()},
        locked_files={"/etc/console/settings.js": nodered(admins())}, ask="/settings", says="httpNodeRoot"),
    "prometheus-admin": Console(
        9090, [*PROMETHEUS, "--web.enable-admin-api"],
        [*PROMETHEUS, "--web.enable-admin-api", "--web.config.file=/etc/console/web.yml"],
        files={"/etc/console/prometheus.yml": "global: {}\n",
               "/etc/console/web.yml": f"basic_auth_users: {{admin: '{BCRYPT}'}}\n"},
        ask="/api/v1/status/flags", says="web.enable-admin-api"),
    "phpmyadmin": Console(
        8080, [*PHP, "-t", "/usr/share/phpmyadmin"], [*PHP, "-t", "/usr/share/phpmyadmin"], product="phpmyadmin",
        beside=[(MARIADB, 3306)],
        open_files={"/etc/phpmyadmin/config.inc.php": phpmyadmin("'auth_type' => 'config', 'user' => 'root', 'password' => ''")},
        locked_files={"/etc/phpmyadmin/config.inc.php": phpmyadmin("'auth_type' => 'cookie'")},
        says="logged_in:true"),
    "traefik": Console(
        8080, [*TRAEFIK, "--api.insecure=true"], [*TRAEFIK, "--api=true"],
        open_files={"/etc/console/routes.yaml": ROUTES}, locked_files={"/etc/console/routes.yaml": LOCKED_ROUTES},
        ask="/api/rawdata", says='"routers"', ports={"web": 8000}),
    # RabbitMQ itself always asks; in front of it stands what logs everybody in as guest.
    "rabbitmq": Console(
        15680, [*FRONT, "inject", "15680", "127.0.0.1:15672"], product="rabbitmq", beside=[(RABBITMQ, 15672)],
        files={"/etc/console/rabbitmq.conf": "listeners.tcp.default = 5672\nmanagement.tcp.port = 15672\nloopback_users = none\n",
               "/etc/console/enabled_plugins": "[rabbitmq_management].\n"},
        ask="/api/overview", says="management_version", ports={"amqp": 5672}),
    "flower": Console(
        5555, ["celery", "--broker=memory://", "flower", "--port=5555", "--address=0.0.0.0"],
        ["celery", "--broker=memory://", "flower", "--port=5555", "--address=0.0.0.0", f"--basic-auth={BASIC}"],
        open_env={"FLOWER_UNAUTHENTICATED_API": "true"}, ask="/api/task/types", says="task-types"),
    "locust": Console(
        8089, ["locust", "-f", "/etc/console/locustfile.py"], ["locust", "-f", "/etc/console/locustfile.py", "--web-login"],
        open_files={"/etc/console/locustfile.py": LOCUST}, locked_files={"/etc/console/locustfile.py": LOCUST + LOCUST_LOGIN},
        ask="/stats/requests", says='"user_count"'),
    "supervisor": Console(
        9001, ["supervisord", "-c", "/etc/console/supervisord.conf"], ["supervisord", "-c", "/etc/console/supervisord.conf"],
        open_files={"/etc/console/supervisord.conf": supervisord()},
        locked_files={"/etc/console/supervisord.conf": supervisord("username=admin\npassword=3fb1c1f3a8d9\n")},
        says="Supervisor Status"),
    "redis-commander": Console(
        8081, ["redis-commander", "--port", "8081", "--address", "0.0.0.0"],
        ["redis-commander", "--port", "8081", "--address", "0.0.0.0"],
        locked_env={"HTTP_USER": "admin", "HTTP_PASSWORD": "3fb1c1f3a8d9"}, ask="/connections", says="connections"),
    "marimo": Console(
        2718, ["marimo", "edit", "--headless", "--no-token", "--host", "0.0.0.0", "-p", "2718", "/tmp"],
        ["marimo", "edit", "--headless", "--token-password=3fb1c1f3a8d9", "--host", "0.0.0.0", "-p", "2718", "/tmp"],
        ask="/api/usage", says='"memory"'),
    # Told, and left alone: what they show is data.
    "prometheus": Console(
        9090, PROMETHEUS, [*PROMETHEUS, "--web.config.file=/etc/console/web.yml"], grants="data",
        files={"/etc/console/prometheus.yml": "global: {}\n",
               "/etc/console/web.yml": f"basic_auth_users: {{admin: '{BCRYPT}'}}\n"},
        ask="/api/v1/status/config", says='"success"'),
    "tensorboard": Console(
        6006, ["tensorboard", "--logdir", "/tmp", "--bind_all", "--port", "6006"], grants="data",
        ask="/data/environment", says="data_location"),
    "luigi": Console(8082, ["luigid", "--port", "8082"], grants="data", ask="/static/visualiser/index.html", says="Luigi"),
    # An anonymous reader: the flows can be seen, not changed.
    "node-red-reader": Console(
        1880, ["node-red", "--userDir", "/tmp", "--settings", "/etc/console/settings.js"], grants="data",
        files={"/etc/console/settings.js": nodered(admins(", default: {permissions: 'read'}"))},
        ask="/settings", says="httpNodeRoot"),
}

# Never a finding that is acted on. Each is published by a node port, under a console's own label.
TRAPS = {
    "trap-login-page": Console(8080, [*PHP, "/usr/share/adminer/adminer.php"], product="adminer"),
    "trap-single-page": Console(8888, [*FRONT, "page", "8888", "Jupyter Notebook"], product="jupyter"),
    "trap-same-json": Console(
        9090, [*FRONT, "json", "9090", '{"status":"success","data":{"web.enable-admin-api":"true","yaml":""}}'],
        product="prometheus"),
    "trap-nginx": Console(8443, [*FRONT, "nginx", "8443"], product="kubernetes-dashboard"),
    "trap-oauth2-proxy": Console(
        4180, [*FRONT, "login", "4180", "127.0.0.1:8889"], product="jupyter", beside=[(OPEN_JUPYTER, 0)]),
    "trap-basic-auth": Console(
        8080, [*FRONT, "basic", "8080", "127.0.0.1:8889"], product="jupyter", beside=[(OPEN_JUPYTER, 0)]),
    "trap-redirect-away": Console(8888, [*FRONT, "away", "8888", "http://198.51.100.7:8888"], product="jupyter"),
    "trap-redirect-metadata": Console(8888, [*FRONT, "away", "8888", "http://169.254.169.254"], product="jupyter"),
}
