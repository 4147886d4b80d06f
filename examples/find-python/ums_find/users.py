"""Users as the table ums_users has them."""

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pymysql

from .settings import Connection

QUERY = "SELECT name, phone, since, version FROM ums_users WHERE name = %s"

# What this program needs of the schema, and the newest that it knows (the numbers of migrations/mysql).
REQUIRED = 9
KNOWN = 17

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
    """The database cannot be reached, does not answer in time, or has not the schema that is needed."""


def judge(version: int, dirty: bool, floor: int) -> str:
    """Tells why this program cannot work on such a schema, or nothing. The floor is how old a program may be; 0 says nothing."""
    if dirty:
        return f"a migration to version {version} is running or was interrupted"
    if version < REQUIRED:
        return f"the schema is at version {version} and this program needs {REQUIRED}: run `migrate up`"
    if floor > KNOWN or (version > KNOWN and floor == 0):
        return f"the schema is too new ({version}) for this program, which knows {KNOWN}"
    return ""


class Users:
    """Finds users by their names. Nothing is kept in between, so what it returns is never stale. Each thread has a
    connection of its own, which is opened at its first read and opened anew when it turns out to be lost."""

    def __init__(self, connect: Callable[[float], Connection]):
        self._connect = connect
        self._own = threading.local()

    def find(self, name: str, seconds: float = math.inf) -> User | None:
        """Finds a user, in this time at most; a connection has limits of its own beside it."""
        rows = self._read(QUERY, (name,), seconds)
        return User(*rows[0]) if rows else None

    def check(self) -> None:
        """Raises Unavailable, or pymysql.MySQLError, unless the schema is one that this program can work with."""
        state = self._read("SELECT version, dirty FROM schema_migrations LIMIT 1", ())
        floor = self._read("SELECT min_version FROM ums_schema_floor WHERE id = 1", ())
        version, dirty = state[0] if state else (0, False)
        if reason := judge(version, bool(dirty), floor[0][0] if floor else 0):
            raise Unavailable(reason)

    def _read(self, query: str, args: tuple, seconds: float = math.inf) -> tuple:
        end = time.monotonic() + seconds

        def left() -> float:
            if (time_left := end - time.monotonic()) <= 0:
                raise Unavailable(f"no answer within the {seconds} s that the request had")
            return time_left

        kept = getattr(self._own, "connection", None)
        if kept is not None:
            try:
                kept.limit(left())
                return self._execute(kept, query, args)
            except (pymysql.OperationalError, pymysql.InterfaceError):
                self._drop(kept)  # it was lost since the last read: once more, on a new one
        try:
            self._own.connection = self._connect(left())
            self._own.connection.limit(left())
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
