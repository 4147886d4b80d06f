package com.glarimy.ums.add.user;

import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** One member of a document, and what was found of it. */
final class Field<T> {
    /** Makes a value of the token at which the parser stands. */
    @FunctionalInterface
    interface Reader<T> {
        T read(JsonToken token, JsonParser in) throws InvalidValueException;
    }

    private final String key;
    private final Reader<T> reader; // null where the field is not the client's to set, or does not exist
    private final String code; // of the fault that such a field is
    private final String reason;
    private boolean seen;
    private T value;

    private Field(String key, Reader<T> reader, String code, String reason) {
        this.key = key;
        this.reader = reader;
        this.code = code;
        this.reason = reason;
    }

    static <T> Field<T> required(String key, Reader<T> reader) {
        return new Field<>(key, reader, null, null);
    }

    static Field<Void> readOnly(String key, String why) {
        return new Field<>(key, null, "read-only", "the field " + key + " cannot be set: " + why);
    }

    /** The field of that name, or one that does not exist. */
    static Field<?> of(String key, List<Field<?>> known) {
        for (Field<?> field : known) {
            if (field.key.equals(key)) {
                return field;
            }
        }
        return new Field<Void>(key, null, "unknown-field", "there is no such field");
    }

    void read(JsonToken token, JsonParser in, Faults faults) {
        if (reader == null) {
            faults.add(key, code, reason);
        } else if (seen) {
            faults.add(key, "duplicate-field", "the field " + key + " is there more than once");
        } else {
            seen = true;
            try {
                value = reader.read(token, in);
            } catch (InvalidValueException e) {
                faults.add(key, e.code(), e.getMessage());
            }
        }
    }

    void end(Faults faults) {
        if (reader != null && !seen) {
            faults.add(key, "required", "the field " + key + " is missing");
        }
    }

    T value() {
        return value;
    }
}
