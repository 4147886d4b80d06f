from datetime import datetime

import pymysql
import pytest

from ums_find.users import Unavailable, User, Users

ROW = ("KrishnaMohan", 9731423166, datetime(2022, 9, 12, 10), 1)


class Connection:
    """A connection that knows one user, and is lost when it is told so."""

    def __init__(self):
        self.open, self.lost = True, False

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

    def connect(self):
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
