import math
import re
from datetime import datetime

import pytest

from ums_find.app import create_app
from ums_find.users import Unavailable, User

RECORD = b'{"name":"Krishna/Mohan","phone":9731423166,"since":"2022-09-12T10:00:00Z"}'
TAG = '"1662976800000000-1"'


class Users:
    """One user; asked for others, it fails as a database does."""

    def find(self, name, seconds):
        self.seconds = seconds
        match name:
            case "Krishna/Mohan":
                return User(name, 9731423166, datetime(2022, 9, 12, 10), 1)
            case "unavailable":
                raise Unavailable("connect to 10.0.0.1")
            case "no such table":
                raise RuntimeError("ums_users")
        return None


class Service:
    def __init__(self):
        self.why, self.users = "", Users()
        self.client = create_app(self.users, lambda: self.why, b"openapi: 3.1.1\n").test_client()

    def get(self, target, method="GET", **headers):
        # REQUEST_URI is what waitress tells of the request line; the test's client would write it anew.
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open("/", method=method, headers=fields, environ_overrides={"REQUEST_URI": target})


@pytest.fixture
def service():
    return Service()


def is_problem(answer, status, kind):
    problem = answer.get_json(force=True)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (problem["type"], problem["status"]) == ("https://github.com/glarimy/ums/blob/main/docs/problems.md#" + kind, status)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert problem["title"] and problem["instance"] and problem["detail"]
    return problem


def test_a_user_is_found(service):
    answer = service.get("/user/Krishna%2FMohan")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, RECORD, "application/json")
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (TAG, "no-cache")
    head = service.get("/user/%4brishna%2fMohan", method="HEAD")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(RECORD)))
    assert head.headers["ETag"] == TAG


@pytest.mark.parametrize(("seen", "status"), [(TAG, 304), (f'"a", W/{TAG}', 304), ("*", 304), ('"a"', 200), ("a", 400)])
def test_if_none_match(service, seen, status):
    answer = service.get("/user/Krishna%2FMohan", If_None_Match=seen)
    assert answer.status_code == status
    if status == 400:
        is_problem(answer, 400, "invalid-precondition")
    else:
        assert answer.headers["ETag"] == TAG
    assert (answer.data == b"") == (status == 304)


@pytest.mark.parametrize(
    ("target", "status", "kind"),
    [
        ("/user/Krishna%252FMohan", 404, "user-not-found"),
        ("/user/Krishna%zzMohan", 400, "invalid-name"),
        ("/user/%2E%2E", 400, "invalid-name"),
        ("/user/unavailable", 503, "unavailable"),
        ("/user/no%20such%20table", 500, "internal"),
        ("/user/Krishna/Mohan", 404, "route-not-found"),
        ("/user/Krishna%2FMohan/", 404, "route-not-found"),
        ("/user//Krishna%2FMohan", 404, "route-not-found"),
        ("//user/Krishna%2FMohan", 404, "route-not-found"),
        ("/user/x/../Krishna%2FMohan", 404, "route-not-found"),
        ("/User/Krishna%2FMohan", 404, "route-not-found"),
        ("/user", 404, "route-not-found"),
        ("/", 404, "route-not-found"),
    ],
)
def test_problems(service, target, status, kind):
    problem = is_problem(service.get(target), status, kind)
    assert problem["instance"] == target
    assert "ums_users" not in problem["detail"] and "10.0.0.1" not in problem["detail"]


def test_a_bad_name_says_what_is_wrong(service):
    problem = is_problem(service.get("/user/Krishna"), 400, "invalid-name")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/name", "too-short")]


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "CONFORM"])
def test_other_methods(service, method):
    answer = service.get("/user/KrishnaMohan", method=method)
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(("sent", "seconds"), [("1500", 1.5), ("0", 0), ("-1", math.inf), ("soon", math.inf), (None, math.inf)])
def test_the_gateway_says_how_long_it_waits(service, sent, seconds):
    service.get("/user/Krishna%2FMohan", **({"Ums_Deadline_Ms": sent} if sent is not None else {}))
    assert service.users.seconds == seconds


def test_request_ids(service):
    assert service.get("/livez", X_Request_Id="r-1").headers["X-Request-Id"] == "r-1"
    for sent in ["", "a b", "é", "x" * 129]:
        assert re.fullmatch("[0-9a-f]{32}", service.get("/livez", X_Request_Id=sent).headers["X-Request-Id"])


def test_probes(service):
    assert (service.get("/livez").data, service.get("/readyz").status_code) == (b'{"status":"ok"}\n', 200)
    service.why = "The server is stopping."
    assert service.get("/livez").status_code == 200
    answer = service.get("/readyz")
    assert is_problem(answer, 503, "unavailable")["detail"] == service.why
    assert answer.headers["Retry-After"] == "1"


def test_the_document(service):
    answer = service.get("/openapi.yaml")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"openapi: 3.1.1\n", "application/yaml")
    assert re.fullmatch('"[0-9a-f]{32}"', answer.headers["ETag"])
    assert service.get("/openapi.yaml", If_None_Match=answer.headers["ETag"]).status_code == 304
