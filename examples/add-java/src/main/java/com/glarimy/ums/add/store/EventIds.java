package com.glarimy.ums.add.store;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.UUID;

/** UUIDs of version 7 (RFC 9562, section 5.7): they begin with the moment, so that the index of the outbox grows at its end. */
final class EventIds {
    private static final SecureRandom RANDOM = new SecureRandom(); // its state is the system's

    private EventIds() {}

    static UUID next(Instant at) {
        long high = at.toEpochMilli() << 16 | 0x7000 | RANDOM.nextInt(0x1000);
        long low = 1L << 63 | RANDOM.nextLong() >>> 2;
        return new UUID(high, low);
    }
}
