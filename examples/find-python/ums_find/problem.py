"""Errors as the client sees them: problem details (RFC 9457), of the kinds that UMS has."""

import json

from flask import Response, g

BASE = "https://github.com/glarimy/ums/blob/main/docs/problems.md#"

KINDS = {
    "invalid-name": (400, "The name is not acceptable"),
    "invalid-precondition": (400, "The precondition is not well-formed"),
    "user-not-found": (404, "No such user"),
    "route-not-found": (404, "No such path"),
    "method-not-allowed": (405, "The path does not take this method"),
    "internal": (500, "Something went wrong"),
    "unavailable": (503, "The service is not available right now"),
}


def problem(kind: str, detail: str, errors: list[dict] | None = None, headers: dict | None = None) -> Response:
    """Returns an answer of a kind. The detail is for a person, and tells nothing of the inside."""
    status, title = KINDS[kind]
    body = {
        "type": BASE + kind,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": g.path,
        "request_id": g.request_id,
    }
    if errors:
        body["errors"] = errors
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, {"Cache-Control": "no-store", **(headers or {})}, mimetype="application/problem+json")
