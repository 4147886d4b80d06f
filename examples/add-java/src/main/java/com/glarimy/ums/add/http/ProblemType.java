package com.glarimy.ums.add.http;

import java.util.Locale;

/** The kinds of problems that this slot answers with, as docs/problems.md of UMS explains them. */
public enum ProblemType {
    MALFORMED_JSON(400, "The body is not well-formed JSON"),
    VALIDATION(400, "Some fields are not acceptable"),
    INVALID_NAME(400, "The name is not acceptable"),
    INVALID_PRECONDITION(400, "The precondition is not well-formed"),
    INVALID_IDEMPOTENCY_KEY(400, "The idempotency key is not well-formed"),
    MALFORMED_REQUEST(400, "The request is not well-formed HTTP"),
    USER_NOT_FOUND(404, "No such user"),
    ROUTE_NOT_FOUND(404, "No such path"),
    METHOD_NOT_ALLOWED(405, "The path does not take this method"),
    USER_EXISTS(409, "The user already exists"),
    IDEMPOTENCY_KEY_IN_USE(409, "A request with this idempotency key is being processed"),
    PRECONDITION_FAILED(412, "The user is at another version"),
    BODY_TOO_LARGE(413, "The body is too large"),
    UNSUPPORTED_MEDIA_TYPE(415, "The media type is not supported"),
    EXPECTATION_FAILED(417, "The expectation cannot be met"),
    IDEMPOTENCY_KEY_REUSED(422, "The idempotency key was used for another request"),
    HEADERS_TOO_LARGE(431, "The request's header is too large"),
    INTERNAL(500, "Something went wrong"),
    UNSUPPORTED_TRANSFER_CODING(501, "The transfer coding is not supported"),
    UNAVAILABLE(503, "The service is not available right now"),
    UNSUPPORTED_HTTP_VERSION(505, "The version of HTTP is not supported");

    private static final String BASE = "https://github.com/glarimy/ums/blob/main/docs/problems.md#";

    private final int status;
    private final String title;

    ProblemType(int status, String title) {
        this.status = status;
        this.title = title;
    }

    int status() {
        return status;
    }

    String title() {
        return title;
    }

    /** The member type: the address of the kind's documentation, which never changes. */
    String uri() {
        return BASE + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
