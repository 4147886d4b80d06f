package com.glarimy.ums.add.user;

/** A phone number, which is personal data: its text does not tell it, so that no log does. */
public final class PhoneNumber {
    private static final long MIN = 9_000_000_000L;
    private static final long MAX = 999_999_999_999_999L;
    private static final int MAX_DIGITS = 15;

    private final long value;

    private PhoneNumber(long value) {
        this.value = value;
    }

    /** Checks the bounds. */
    public static PhoneNumber of(long value) throws InvalidValueException {
        if (value < MIN) {
            throw new InvalidValueException("too-small", "the phone number is below " + MIN);
        }
        if (value > MAX) {
            throw new InvalidValueException("too-large", "the phone number is above " + MAX);
        }
        return new PhoneNumber(value);
    }

    /** Reads a number as JSON writes it: of any length, and 9e9 is none. */
    static PhoneNumber ofLiteral(String literal) throws InvalidValueException {
        if (literal.chars().anyMatch(c -> c == '.' || c == 'e' || c == 'E')) {
            throw new InvalidValueException("not-integer",
                    "the phone number must be written as an integer, without fraction or exponent");
        }
        if (literal.startsWith("-")) {
            return of(0);
        }
        return of(literal.length() > MAX_DIGITS ? Long.MAX_VALUE : Long.parseLong(literal));
    }

    /** The number itself. */
    public long value() {
        return value;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PhoneNumber that && that.value == value;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(value);
    }

    @Override
    public String toString() {
        return "[phone number]";
    }
}
