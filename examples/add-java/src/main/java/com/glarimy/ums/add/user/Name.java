package com.glarimy.ums.add.user;

import java.text.Normalizer;

/**
 * A user's name, and identity. Only {@link #of} makes one: in Unicode Normalization Form C, without white space around it,
 * 8 to 32 characters (code points) long, and free of characters that a person could not see.
 */
public final class Name {
    private static final int MIN_LENGTH = 8;
    private static final int MAX_LENGTH = 32;

    private final String value;

    private Name(String value) {
        this.value = value;
    }

    /** Brings the text to the form of names. Whatever {@link #toString} returns is a name, and stays as it is. */
    public static Name of(String text) throws InvalidValueException {
        if (Unicode.hasLoneSurrogate(text)) {
            throw new InvalidValueException("encoding", "the name is not valid UTF-8");
        }
        String value = Unicode.trim(Normalizer.normalize(text, Normalizer.Form.NFC));
        int length = value.codePointCount(0, value.length());
        if (length < MIN_LENGTH) {
            throw new InvalidValueException("too-short",
                    "the name has %d characters; it needs at least %d".formatted(length, MIN_LENGTH));
        }
        if (length > MAX_LENGTH) {
            throw new InvalidValueException("too-long",
                    "the name has %d characters; it may have at most %d".formatted(length, MAX_LENGTH));
        }
        var refused = value.codePoints().filter(Unicode::isRefusedInNames).findFirst();
        if (refused.isPresent()) {
            throw new InvalidValueException("forbidden-character",
                    "the name holds the character U+%04X, which names may not contain".formatted(refused.getAsInt()));
        }
        return new Name(value);
    }

    /** The name as it is stored and compared: exactly, case included. */
    @Override
    public String toString() {
        return value;
    }
}
