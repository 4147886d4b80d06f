package com.glarimy.ums.add.store;

/** The database did not do what it was asked to. */
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What that means for whoever asked. */
    public enum Kind {
        /** It cannot be reached, or refuses everybody; nothing was changed. */
        UNAVAILABLE,
        /** It lost to others more often than it is tried; nothing was changed. */
        CONTENTION,
        /** COMMIT was not answered: the change may have been made or not. */
        OUTCOME_UNKNOWN,
        /** A fault of this program or of the schema; nothing was changed. */
        INTERNAL
    }

    private final Kind kind;

    StoreException(Kind kind, Throwable cause) {
        super(kind.name(), cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
