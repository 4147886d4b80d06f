package com.glarimy.ums.add.user;

import java.util.List;

/** A JSON object with fields that are not acceptable: all of them, in the order in which they stand. */
public final class FaultyFieldsException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Fault> faults;

    FaultyFieldsException(List<Fault> faults) {
        super("some fields are not acceptable");
        this.faults = List.copyOf(faults);
    }

    /** At least one, at most sixteen. */
    public List<Fault> faults() {
        return faults;
    }
}
