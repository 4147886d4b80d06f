"""The configuration: environment variables, under the names that they have in every program of UMS."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus

import pymysql.connections

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
TIMEOUT = 2  # seconds to connect, and to read; the gateway waits 5 s for an answer


class Wrong(Exception):
    """What is wrong with the configuration, for an operator. It never holds a secret."""


@dataclass(frozen=True)
class Settings:
    host: str  # "" for every address of the machine
    port: int
    database: "Database"
    connections: int
    shutdown_delay: float  # seconds
    shutdown_timeout: float  # seconds

    @staticmethod
    def load(environment: Mapping[str, str]) -> "Settings":
        def value(name: str, default: str = "") -> str:
            """Returns a variable. X_FILE names a file that holds X: that is how secrets arrive."""
            if file := environment.get(name + "_FILE"):
                if environment.get(name):
                    raise Wrong(f"{name} and {name}_FILE are both set: keep one of them")
                try:
                    return Path(file).read_text().rstrip("\r\n")
                except OSError as error:
                    raise Wrong(f"{name}_FILE: {error}") from None
            return environment.get(name) or default

        host, port = address(value("ADDR", ":8080"))
        return Settings(
            host,
            port,
            Database.parse(value("DATABASE_URL"), value("DATABASE_PASSWORD")),
            number("DATABASE_MAX_CONNECTIONS", value("DATABASE_MAX_CONNECTIONS", "32")),
            seconds("SHUTDOWN_DELAY", value("SHUTDOWN_DELAY", "0s")),
            seconds("SHUTDOWN_TIMEOUT", value("SHUTDOWN_TIMEOUT", "20s")),
        )


def address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise Wrong("ADDR is not host:port, such as :8080")
    return host.strip("[]"), int(port)


def number(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise Wrong(f"{name} is not a number above zero")
    return int(text)


def seconds(name: str, text: str) -> float:
    """Reads a duration such as 15s or 1m30s."""
    if text != "0" and not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", text):
        raise Wrong(f"{name} is not a duration, such as 15s or 1m30s")
    return sum(float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))


class Connection(pymysql.connections.Connection):
    def limit(self, seconds: float) -> None:
        """Has the next reads and writes take no longer than this, and never longer than TIMEOUT."""
        self._read_timeout = self._write_timeout = min(seconds, TIMEOUT)


@dataclass(frozen=True)
class Database:
    """Where the database is, as DATABASE_URL says it: mysql://user:password@tcp(host:3306)/name?tls=true."""

    user: str
    password: str
    host: str
    port: int
    name: str
    tls: ssl.SSLContext | None

    def __repr__(self) -> str:
        return f"mysql://tcp({self.host}:{self.port})/{self.name}"

    @staticmethod
    def parse(url: str, password: str) -> "Database":
        if not url:
            raise Wrong("DATABASE_URL is not set")
        form = re.fullmatch(r"mysql://(?:([^:]*)(?::(.*))?@)?tcp\((.+):(\d+)\)/([^/?]+)(?:\?(.*))?", url)
        if form is None:
            raise Wrong("DATABASE_URL is not of the form mysql://user:password@tcp(host:3306)/database")
        user, own, host, port, name, parameters = form.groups(default="")
        return Database(
            unquote_plus(user), password or unquote_plus(own), host.strip("[]"), int(port), name, tls(parse_qs(parameters))
        )

    def connect(self, seconds: float) -> Connection:
        """Opens a connection, in this time at most, and never longer than TIMEOUT."""
        timeout = min(seconds, TIMEOUT)
        return Connection(
            host=self.host, port=self.port, user=self.user, password=self.password, database=self.name, ssl=self.tls,
            charset="utf8mb4", autocommit=True, connect_timeout=timeout, read_timeout=timeout, write_timeout=timeout,
        )  # fmt: skip


def tls(parameters: dict[str, list[str]]) -> ssl.SSLContext | None:
    """Reads the parameters about TLS. The others are the Go driver's, and golang-migrate's."""
    if authority := parameters.get("x-tls-ca"):
        return ssl.create_default_context(cafile=authority[0])
    match parameters.get("tls", ["false"])[0]:
        case "true":
            return ssl.create_default_context()
        case "false":
            return None
        case _:
            raise Wrong("DATABASE_URL: tls can be true or false, and x-tls-ca name a file")
