"""An application on a database: each request is a row written to table orders and read again. It takes
user and password from its environment when it starts, keeps connections, and connects again where one was
ended. Ready is who reaches the database. Answers 500 where the database refuses, and says no value."""

import http.server
import os
import queue
import signal
import threading
import time

import psycopg2

POOL = queue.SimpleQueue()


def connect():
    return psycopg2.connect(host=os.environ["DB_HOST"], port=os.environ.get("DB_PORT", "5432"),
                            dbname="orders", user=os.environ["DB_USER"],
                            password=os.environ["DB_PASSWORD"], connect_timeout=3)


def order():
    try:
        connection = POOL.get_nowait()
    except queue.Empty:
        connection = connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders DEFAULT VALUES RETURNING id")
        number = cursor.fetchone()[0]
    POOL.put(connection)
    return number


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, text = 200, f"{order()}\n"
        except psycopg2.Error as error:
            status, text = 500, f"{type(error).__name__}\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("", 8080), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
stopped.wait()
time.sleep(3)  # whoever was sent here before the Service knew is still served
