"""The service as a process: python -m ums_find. With the argument `health` it asks the one that runs whether it is ready."""

import json
import logging
import os
import socket
import sys
import urllib.request
from pathlib import Path

import pymysql
import waitress

from .app import create_app
from .settings import Settings, Wrong
from .stopping import Stopping
from .users import Unavailable, Users

OPENAPI = Path(__file__).parent.parent / "openapi.yaml"


class Log(logging.Formatter):
    """One line of JSON each, as every program of UMS logs."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": self.formatTime(record), "level": record.levelname, "msg": record.getMessage(), "service": "find"}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Gate:
    """Says whether the service wants requests: from the moment when it has seen the schema, and until it is to stop. A
    database that goes away later changes nothing, as its answers say that."""

    def __init__(self, users: Users, stopping: Stopping):
        self._users, self._stopping, self._seen = users, stopping, False

    def unready(self) -> str:
        if self._stopping.begun:
            return "The server is stopping."
        if not self._seen:
            try:
                self._users.check()
                self._seen = True
            except (Unavailable, pymysql.MySQLError) as error:
                logging.warning("not ready: %s", error)
                return "The service is not ready yet; its log says what it waits for."
        return ""


def listen(settings: Settings) -> socket.socket:
    if settings.host:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", settings.port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", settings.port))


def health(settings: Settings) -> None:
    host = settings.host or "127.0.0.1"
    with urllib.request.urlopen(f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/readyz", timeout=4):
        pass


def serve(settings: Settings) -> None:
    users = Users(settings.database.connect)
    stopping = Stopping(settings.shutdown_delay, settings.shutdown_timeout)
    app = create_app(users, Gate(users, stopping).unready, OPENAPI.read_bytes())
    with listen(settings) as sock:
        server = waitress.create_server(
            stopping.counted(app), sockets=[sock], threads=settings.connections, ident=None, connection_limit=1000, asyncore_use_poll=True,
            max_request_header_size=32 << 10, max_request_body_size=64 << 10,
        )  # fmt: skip
        stopping.listen()
        host, port = sock.getsockname()[:2]
        logging.info("serving", extra={"fields": {"addr": f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}})
        server.run()


def main() -> None:
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(Log())
    logging.basicConfig(level=logging.INFO, handlers=[output])
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of each request that waits for a thread
    try:
        settings = Settings.load(os.environ)
        health(settings) if sys.argv[1:] == ["health"] else serve(settings)
    except (Wrong, OSError) as error:
        sys.exit(f"find: {error}")


if __name__ == "__main__":
    main()
