"""What stands in front of consoles, and pages that only look like one: front.py KIND PORT [ARGUMENT].

Nothing here is a console. `login` does what oauth2-proxy does without a session, `basic` asks for a
password, `inject` is the proxy that logs everybody in; the rest answer by themselves.
"""

import base64
import http.client
import http.server
import sys

KIND, PORT = sys.argv[1], int(sys.argv[2])
ARGUMENT = sys.argv[3] if len(sys.argv) > 3 else ""
LOGIN = base64.b64encode(b"guest:guest").decode()
PAGE = b"<!doctype html><html><head><title>%s</title></head><body><div id=app></div></body></html>"


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        headers.setdefault("Content-Type", "text/html")
        headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def passed_on(self, headers):
        """The console behind answers: a front that lets this request through."""
        host, port = ARGUMENT.split(":")
        behind = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            behind.request(self.command, self.path, headers=headers)
            answer = behind.getresponse()
            more = {name: answer.headers[name] for name in ("Content-Type", "Location")
                    if answer.headers[name]}
            self.answer(answer.status, answer.read(), **more)
        except OSError as error:
            self.answer(502, str(error).encode(), Content_Type="text/plain")
        finally:
            behind.close()

    def do_GET(self):
        if KIND == "login":
            if self.path.startswith("/oauth2/"):
                self.answer(200, PAGE % b"Sign In")
            else:
                self.answer(302, Location=f"/oauth2/start?rd={self.path}")
        elif KIND == "basic":
            if self.headers.get("Authorization") == f"Basic {LOGIN}":
                self.passed_on({})
            else:
                self.answer(401, b"401 Authorization Required", WWW_Authenticate='Basic realm="ops"')
        elif KIND == "inject":
            self.passed_on({"Authorization": f"Basic {LOGIN}"})
        elif KIND == "page":  # a single-page application: every path is the page
            self.answer(200, PAGE % ARGUMENT.encode())
        elif KIND == "json":  # an API that says 200 and the same to everybody
            self.answer(200, ARGUMENT.encode(), Content_Type="application/json")
        elif KIND == "away":
            self.answer(302, Location=ARGUMENT + self.path)
        elif self.path == "/":  # a web server as it comes
            self.answer(200, PAGE % b"Welcome to nginx!", Server="nginx/1.22.1")
        else:
            self.answer(404, b"<center><h1>404 Not Found</h1></center>", Server="nginx/1.22.1")

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", PORT), Front).serve_forever()
