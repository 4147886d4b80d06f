"""Users as the table ums_users has them."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pymysql
from pymysql.connections import Connection

QUERY = "SELECT name, phone, since, version FROM ums_users WHERE name = %s"

# Reads all columns that are needed and no row, so it works as soon as migrations have made the table.
PROBE = "SELECT name, phone, since, version FROM ums_users LIMIT 0"

EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class User:
    name: str
    phone: int
    since: datetime  # in UTC, without a zone, as DATETIME(6) has it
    version: int

    def etag(self) -> str:
        """Returns since in microseconds and the version: a user who is removed and added again has another one."""
        return f'"{(self.since - EPOCH) // timedelta(microseconds=1)}-{self.version}"'

    def record(self) -> bytes:
        """Returns the exact bytes of the answer: compact JSON, the fields in this order, no fraction of a second where
        it is zero."""
        since = self.since.isoformat(timespec="microseconds" if self.since.microsecond else "seconds") + "Z"
        fields = {"name": self.name, "phone": self.phone, "since": since}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


class Unavailable(Exception):
    """The database cannot be reached, or does not answer in time."""


class Users:
    """Finds users by their names. Nothing is kept in between, so what it returns is never stale. Each thread has a
    connection of its own, which is opened at its first read and opened anew when it turns out to be lost."""

    def __init__(self, connect: Callable[[], Connection]):
        self._connect = connect
        self._own = threading.local()

    def find(self, name: str) -> User | None:
        rows = self._read(QUERY, (name,))
        return User(*rows[0]) if rows else None

    def check(self) -> None:
        """Raises Unavailable, or pymysql.MySQLError, unless the table is there with the columns that are needed."""
        self._read(PROBE, ())

    def _read(self, query: str, args: tuple) -> tuple:
        kept = getattr(self._own, "connection", None)
        if kept is not None:
            try:
                return self._execute(kept, query, args)
            except (pymysql.OperationalError, pymysql.InterfaceError):
                self._drop(kept)  # it was lost since the last read: once more, on a new one
        try:
            self._own.connection = self._connect()
            return self._execute(self._own.connection, query, args)
        except (pymysql.OperationalError, pymysql.InterfaceError, OSError) as error:
            self._drop(getattr(self._own, "connection", None))
            raise Unavailable(str(error)) from error

    def _drop(self, connection: Connection | None) -> None:
        self._own.connection = None
        if connection is not None and connection.open:
            connection.close()

    @staticmethod
    def _execute(connection: Connection, query: str, args: tuple) -> tuple:
        with connection.cursor() as cursor:
            cursor.execute(query, args)
            return cursor.fetchall()
