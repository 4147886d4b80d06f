package com.glarimy.ums.add.store;

import com.glarimy.ums.add.json.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;

/**
 * The table ums_idempotency, which all fillings share, within one transaction: that which does the request's work. The row
 * of a key holds the answer, so both are there or neither is. Whoever brings the same key at the same time waits at the
 * primary key until that transaction has ended, and finds the answer, or does the work where it was rolled back.
 */
final class IdempotencyKeys {
    private static final Duration ANSWER = Duration.ofHours(24);

    private final Connection connection;
    private final Clock clock;

    IdempotencyKeys(Connection connection, Clock clock) {
        this.connection = connection;
        this.clock = clock;
    }

    /**
     * A row as it was found.
     *
     * @param answer null for a claim, by which another program holds the key until the claim expires
     */
    record Row(byte[] hash, Instant expires, StoredAnswer answer) {
        /** Leaves by an exception unless the row has expired, and a request of this hash may replace it. */
        void yieldTo(byte[] other, Instant now) {
            if (!expires.isAfter(now)) {
                return;
            }
            if (!Arrays.equals(hash, other)) {
                throw new Refusal(Refusal.Reason.KEY_REUSED);
            }
            if (answer != null) {
                throw new AnsweredException(answer);
            }
            throw new Refusal(Refusal.Reason.KEY_IN_USE);
        }
    }

    /**
     * Looks whether a committed row refuses the request.
     *
     * @throws AnsweredException where the request was processed before
     */
    void meet(KeyedRequest request) throws SQLException {
        Row there = find(request);
        if (there != null) {
            there.yieldTo(request.hash(), clock.instant());
        }
    }

    /**
     * Writes the row, before anything else is written. It is refused where the key is another request's, or in use.
     *
     * @throws AnsweredException where the request was processed before
     */
    void take(KeyedRequest request, StoredAnswer answer) throws SQLException {
        try {
            write("INSERT", request, answer);
        } catch (SQLException e) {
            if (!SqlErrors.isDuplicate(e)) {
                throw e;
            }
            // Nobody else can change the row now before this transaction ends.
            find(request).yieldTo(request.hash(), clock.instant());
            write("REPLACE", request, answer);
        }
    }

    /** The hash goes as text: while a statement with its bytes waits, MySQL refuses to list what is under way (error 3854). */
    private void write(String verb, KeyedRequest request, StoredAnswer answer) throws SQLException {
        try (var write = connection.prepareStatement(verb + " INTO ums_idempotency "
                + "(principal, route, idempotency_key, body_hash, token, expires_at, status, headers, body) "
                + "VALUES (?, ?, ?, UNHEX(?), ?, ?, ?, ?, ?)")) {
            write.setString(1, request.principal());
            write.setString(2, request.route());
            write.setString(3, request.key());
            write.setString(4, HexFormat.of().formatHex(request.hash()));
            write.setString(5, UUID.randomUUID().toString()); // by which who claims keys notices that one was replaced
            write.setObject(6, Times.of(clock.instant().plus(ANSWER)));
            write.setInt(7, answer.status());
            write.setString(8, Json.headers(answer.headers()));
            write.setString(9, answer.body());
            write.executeUpdate();
        }
    }

    /** The row, or null where there is none. */
    private Row find(KeyedRequest request) throws SQLException {
        try (var select = connection.prepareStatement("SELECT body_hash, expires_at, status, headers, body "
                + "FROM ums_idempotency WHERE principal = ? AND route = ? AND idempotency_key = ?")) {
            select.setString(1, request.principal());
            select.setString(2, request.route());
            select.setString(3, request.key());
            try (var row = select.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                int status = row.getInt("status");
                var answer = row.wasNull()
                        ? null
                        : new StoredAnswer(status, Json.readHeaders(row.getString("headers")), row.getString("body"));
                return new Row(row.getBytes("body_hash"), Times.read(row, "expires_at"), answer);
            }
        }
    }
}
