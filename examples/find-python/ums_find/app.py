"""The slot's HTTP side."""

import hashlib
import logging
import math
import re
import uuid
from collections.abc import Callable

from flask import Flask, Response, g, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.exceptions import HTTPException

from . import etag
from .name import InvalidName, name_in_path
from .problem import problem
from .users import Unavailable, Users

REQUEST_ID = re.compile(r"[!-~]{1,128}")
USER = "/user/"

logger = logging.getLogger("ums_find")


def create_app(users: Users, unready: Callable[[], str], openapi: bytes) -> Flask:
    """Returns the application. unready tells why it wants no requests now, or nothing where it does."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.wsgi_app = RawPath(app.wsgi_app)
    add_routes(app, users, unready, openapi)
    add_frame(app)
    add_errors(app)
    return app


class RawPath:
    """Has the routes see the path as it was sent. WSGI's own PATH_INFO is decoded, and no longer tells a slash that parts
    segments from one that belongs to a name."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        environ["PATH_INFO"] = environ["REQUEST_URI"].partition("?")[0]
        return self.app(environ, start_response)


def add_routes(app: Flask, users: Users, unready: Callable[[], str], openapi: bytes) -> None:
    def get(path: str, view: Callable) -> None:  # HEAD comes with it; what takes no OPTIONS answers 405 to it
        app.add_url_rule(path, view.__name__, view, methods=["GET"], provide_automatic_options=False)

    def find(name: str) -> Response:
        name = name_in_path(g.path.removeprefix(USER))  # and not what the router made of it
        seen = request.headers.get("If-None-Match")
        if seen is not None:
            etag.matches(seen, "")  # what is malformed is refused, whoever is there
        user = users.find(name, time_left())
        if user is None:
            return problem("user-not-found", "There is no user of this name.")
        return versioned(user.record(), user.etag(), "application/json")

    def live() -> Response:
        return healthy()

    def ready() -> Response:
        why = unready()
        return problem("unavailable", why, headers={"Retry-After": "1"}) if why else healthy()

    tag = f'"{hashlib.sha256(openapi).hexdigest()[:32]}"'

    def describe() -> Response:
        return versioned(openapi, tag, "application/yaml")

    get(USER + "<name>", find)
    get("/livez", live)
    get("/readyz", ready)
    get("/openapi.yaml", describe)


def time_left() -> float:
    """Returns how long the gateway waits for the answer, in seconds; for ever where nobody says."""
    left = request.headers.get("Ums-Deadline-Ms", "")
    return int(left) / 1000 if re.fullmatch("[0-9]{1,9}", left) else math.inf


def versioned(body: bytes, tag: str, mimetype: str) -> Response:
    """Returns what may be kept, if it is asked for again; 304 to who has it already."""
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    seen = request.headers.get("If-None-Match")
    if seen is not None and etag.matches(seen, tag):
        return Response(status=304, headers=headers)
    return Response(body, headers=headers, mimetype=mimetype)


def healthy() -> Response:
    return Response('{"status":"ok"}\n', headers={"Cache-Control": "no-store"}, mimetype="application/json")


def add_frame(app: Flask) -> None:
    @app.before_request
    def begin() -> Response | None:
        g.path = request.environ["PATH_INFO"]
        sent = request.headers.get("X-Request-Id", "")
        g.request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        if g.path.startswith("//"):  # which the router would take for one
            return no_route(None)
        return None

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def no_route(_: NotFound | None) -> Response:
    return problem("route-not-found", "There is nothing at this path.")


def add_errors(app: Flask) -> None:
    """Every error is a problem, and none tells of the inside: that is for the log."""
    app.register_error_handler(NotFound, no_route)

    @app.errorhandler(MethodNotAllowed)
    def other_method(error: MethodNotAllowed) -> Response:
        allow = ", ".join(sorted(error.valid_methods or []))
        return problem("method-not-allowed", f"This path takes {allow}.", headers={"Allow": allow})

    @app.errorhandler(InvalidName)
    def bad_name(error: InvalidName) -> Response:
        fault = {"pointer": "#/name", "code": error.code, "detail": error.detail}
        return problem("invalid-name", error.detail, errors=[fault])

    @app.errorhandler(etag.InvalidPrecondition)
    def bad_precondition(_: etag.InvalidPrecondition) -> Response:
        return problem("invalid-precondition", 'If-None-Match: the field must be * or a list of entity tags such as "1".')

    @app.errorhandler(Unavailable)
    def away(error: Unavailable) -> Response:
        logger.error("the database is away: %s (request %s)", error, g.request_id)
        detail = "The service cannot reach what it needs. Try again in a moment."
        return problem("unavailable", detail, headers={"Retry-After": "1"})

    @app.errorhandler(Exception)
    def internal(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            logger.error("unexpected: %s (request %s)", error, g.request_id)
        else:
            logger.exception("request %s failed", g.request_id)
        return problem("internal", "The request ended in an error of the server's.")
