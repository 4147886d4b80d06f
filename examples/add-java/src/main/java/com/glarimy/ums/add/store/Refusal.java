package com.glarimy.ums.add.store;

/** The database is fine, and the answer is no. Nothing was changed. */
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        NOT_FOUND,
        EXISTS,
        VERSION_MISMATCH,
        /** The idempotency key was used for a request with another body. */
        KEY_REUSED,
        /** Another program has claimed the idempotency key, and not answered yet. */
        KEY_IN_USE
    }

    private final Reason reason;

    public Refusal(Reason reason) {
        super(reason.name(), null, false, false);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
