import math
from datetime import datetime

import pymysql
import pytest

from ums_find.settings import TIMEOUT, Database
from ums_find.users import Unavailable, User, Users, judge

ROW = ("KrishnaMohan", 9731423166, datetime(2022, 9, 12, 10), 1)


class Connection:
    """A connection that knows one user, and is lost when it is told so."""

    def __init__(self):
        self.open, self.lost, self.limits = True, False, []

    def limit(self, seconds):
        self.limits.append(seconds)

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def execute(self, _, args):
        if self.lost:
            raise pymysql.OperationalError(2006, "gone")
        self.rows = (ROW,) if args == (ROW[0],) else ()

    def fetchall(self):
        return self.rows

    def close(self):
        self.open = False


class Server:
    def __init__(self):
        self.connections, self.up = [], True

    def connect(self, _):
        if not self.up:
            raise pymysql.OperationalError(2003, "refused")
        self.connections.append(Connection())
        return self.connections[-1]


def test_a_connection_is_kept():
    server = Server()
    users = Users(server.connect)
    assert users.find("KrishnaMohan") == User(*ROW)
    assert users.find("KrishnaMohun") is None
    assert len(server.connections) == 1


def test_a_lost_connection_is_no_error():
    server = Server()
    users = Users(server.connect)
    users.find("KrishnaMohan")
    server.connections[0].lost = True
    assert users.find("KrishnaMohan") == User(*ROW)
    assert not server.connections[0].open


def test_a_database_that_is_away_is_one_and_comes_back():
    server = Server()
    users = Users(server.connect)
    users.find("KrishnaMohan")
    server.connections[0].lost, server.up = True, False
    with pytest.raises(Unavailable):
        users.find("KrishnaMohan")
    server.up = True
    assert users.find("KrishnaMohan") == User(*ROW)


def test_a_request_has_its_time():
    server = Server()
    users = Users(server.connect)
    users.find("KrishnaMohan", 1.5)
    users.find("KrishnaMohan")
    limited, free = server.connections[0].limits
    assert 0 < limited <= 1.5 and free == math.inf
    with pytest.raises(Unavailable):
        users.find("KrishnaMohan", 0)


def test_a_connection_has_limits_of_its_own(monkeypatch):
    monkeypatch.setattr("pymysql.connections.Connection.connect", lambda _: None)
    connection = Database.parse("mysql://ums:x@tcp(db:3306)/ums", "").connect(math.inf)
    assert connection.connect_timeout == TIMEOUT
    for seconds, limit in ((0.5, 0.5), (60, TIMEOUT)):
        connection.limit(seconds)
        assert (connection._read_timeout, connection._write_timeout) == (limit, limit)


@pytest.mark.parametrize(
    ("version", "dirty", "floor", "fits"),
    [
        (17, False, 9, True), (9, False, 9, True), (18, False, 9, True), (17, False, 0, True),
        (0, False, 0, False), (8, False, 0, False), (17, True, 9, False), (18, False, 18, False), (18, False, 0, False),
    ],
)  # fmt: skip
def test_which_schemas_will_do(version, dirty, floor, fits):
    assert (judge(version, dirty, floor) == "") == fits


@pytest.mark.parametrize(
    ("since", "written", "micros"),
    [
        (datetime(2022, 9, 12, 10), "2022-09-12T10:00:00Z", 1662976800000000),
        (datetime(2022, 9, 12, 10, 0, 0, 10), "2022-09-12T10:00:00.000010Z", 1662976800000010),
        (datetime(9999, 12, 31, 23, 59, 59, 999999), "9999-12-31T23:59:59.999999Z", 253402300799999999),
    ],
)
def test_a_record(since, written, micros):
    user = User('Krishna "é😀" Mohan', 9731423166, since, 7)
    assert user.record() == f'{{"name":"Krishna \\"é😀\\" Mohan","phone":9731423166,"since":"{written}"}}'.encode()
    assert user.etag() == f'"{micros}-7"'
