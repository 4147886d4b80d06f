package com.glarimy.ums.add.user;

/** A value that is no name, or no phone number. The message is for a person, and holds nothing of the value. */
public final class InvalidValueException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    InvalidValueException(String code, String detail) {
        super(detail);
        this.code = code;
    }

    /** Why, as a code that clients compare. */
    public String code() {
        return code;
    }
}
