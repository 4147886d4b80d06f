package com.glarimy.ums.add.user;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;

/**
 * A user. Name and since never change; the phone number can, and the version counts the changes from 1 on.
 *
 * @param since when the user was added, in whole microseconds
 */
public record User(Name name, PhoneNumber phone, Instant since, long version) {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** The first version of a user who joins now. DATETIME(6) rounds, so the rest of a microsecond is cut off before. */
    public static User joining(Draft draft, Instant now) {
        return new User(draft.name(), draft.phone(), now.truncatedTo(ChronoUnit.MICROS), 1);
    }

    /** The same user with another number, one version on. */
    public User withPhone(PhoneNumber other) {
        return new User(name, other, since, version + 1);
    }

    /** The strong entity tag of this version, quotes included. It holds since, so no later user of the name ever has it. */
    public String etag() {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, since);
        return "\"" + micros + "-" + version + "\"";
    }

    /** Since on the wire: RFC 3339 in UTC, with six digits of a second or, where they are all zero, none. */
    public String sinceText() {
        return (since.get(ChronoField.MICRO_OF_SECOND) == 0 ? SECONDS : MICROSECONDS).format(since);
    }
}
