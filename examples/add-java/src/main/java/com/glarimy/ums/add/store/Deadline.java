package com.glarimy.ums.add.store;

import java.time.Duration;

/** When a request's time is over. */
public final class Deadline {
    private final long end; // by System.nanoTime

    private Deadline(long end) {
        this.end = end;
    }

    /** The time that is left, counted from now. */
    public static Deadline in(Duration left) {
        return new Deadline(System.nanoTime() + left.toNanos());
    }

    /** The earlier of this one and that. */
    Deadline orIn(Duration other) {
        return new Deadline(Math.min(end, System.nanoTime() + other.toNanos()));
    }

    boolean isOver() {
        return millisLeft() <= 0;
    }

    int millisLeft() {
        return (int) Math.min(Integer.MAX_VALUE, (end - System.nanoTime()) / 1_000_000);
    }
}
