package com.glarimy.ums.add.user;

/** A document that is not one JSON object. The message tells the byte. */
public final class MalformedJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedJsonException(long offset, String reason) {
        super("malformed JSON at byte " + offset + ": " + reason);
    }
}
