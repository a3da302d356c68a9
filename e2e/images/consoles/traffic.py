"""Real traffic while a console is locked: traffic.py http URL | amqp HOST. One line a second: asked, errors.

Each round is a connection of its own beside one that stays, so that a lock that hurts new or old
connections shows.
"""

import sys
import time
import urllib.request

KIND, WHERE = sys.argv[1:3]


def http():
    def ask():
        with urllib.request.urlopen(WHERE, timeout=5) as answer:
            return answer.status == 200 and b"served" in answer.read()
    return ask


def amqp():
    import pika  # pylint: disable=import-outside-toplevel
    where = pika.ConnectionParameters(
        WHERE, credentials=pika.PlainCredentials("guest", "guest"), socket_timeout=5)
    kept = []

    def through(connection):
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.basic_publish("", queue, b"order")
        body = None
        deadline = time.monotonic() + 5
        while body is None and time.monotonic() < deadline:
            _, _, body = channel.basic_get(queue, auto_ack=True)
        channel.close()
        return body == b"order"

    def ask():
        if not kept or not kept[0].is_open:
            kept[:] = [pika.BlockingConnection(where)]
        fresh = pika.BlockingConnection(where)
        try:
            return through(kept[0]) and through(fresh)
        finally:
            fresh.close()
    return ask


ask, asked, errors, begun = {"http": http, "amqp": amqp}[KIND](), 0, 0, False
while True:
    try:
        good = ask()
    except Exception as error:  # pylint: disable=broad-except  # whatever it is, it counts
        good = False
        if begun:
            print(f"error {type(error).__name__} {error}", flush=True)
    begun = begun or good  # from the first answer on: the server may start after this
    asked, errors = asked + begun, errors + (begun and not good)
    print(f"asked {asked} errors {errors}", flush=True)
    time.sleep(0.5)
