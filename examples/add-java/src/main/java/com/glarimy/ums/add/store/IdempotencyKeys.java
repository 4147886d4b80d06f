package com.glarimy.ums.add.store;

import com.glarimy.ums.add.json.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * The table ums_idempotency, which all fillings share. A keyed request first commits a claim on its own, so that of many at
 * once exactly one is processed; the answer is stored in the transaction that does the work, and only if the claim is still
 * held by its token.
 */
public final class IdempotencyKeys {
    /** How long a claim lives whose request never ends; above any transaction's time. */
    private static final Duration CLAIM = Duration.ofSeconds(30);

    private static final Duration ANSWER = Duration.ofHours(24);
    private static final int ATTEMPTS = 3;
    private static final String IS_THE_REQUEST = " WHERE principal = ? AND route = ? AND idempotency_key = ?";

    private final Database database;
    private final Clock clock;

    public IdempotencyKeys(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /** The right to process a request, or the answer of the one that was processed: one of the two is null. */
    public record Beginning(Claim claim, StoredAnswer answer) {}

    /** The right to process one request, held by its token. */
    public record Claim(KeyedRequest request, String token) {
        private static Claim on(KeyedRequest request) {
            return new Claim(request, UUID.randomUUID().toString());
        }
    }

    private record Row(byte[] hash, String token, Instant expires, StoredAnswer answer) {
        boolean hasExpired(Instant now) {
            return !expires.isAfter(now);
        }
    }

    /** Claims the key, or finds the answer. It is refused where the key is another request's, or in use. */
    public Beginning begin(KeyedRequest request, Deadline deadline) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) { // a row may change hands between two statements
            Claim mine = Claim.on(request);
            if (insert(mine, deadline)) {
                return new Beginning(mine, null);
            }
            Optional<Row> found = find(request, deadline);
            if (found.isEmpty()) {
                continue;
            }
            Row row = found.get();
            boolean expired = row.hasExpired(clock.instant());
            boolean done = row.answer() != null;
            if (!(done && expired) && !Arrays.equals(row.hash(), request.hash())) {
                throw new Refusal(Refusal.Reason.KEY_REUSED);
            }
            if (!expired) {
                if (done) {
                    return new Beginning(null, row.answer());
                }
                throw new Refusal(Refusal.Reason.KEY_IN_USE);
            }
            if (takeOver(mine, row.token(), deadline)) {
                return new Beginning(mine, null);
            }
        }
        throw new Refusal(Refusal.Reason.KEY_IN_USE);
    }

    private boolean insert(Claim mine, Deadline deadline) {
        return database.inTransaction(deadline, connection -> {
            try (var insert = connection.prepareStatement("INSERT INTO ums_idempotency "
                    + "(principal, route, idempotency_key, body_hash, token, expires_at) VALUES (?, ?, ?, ?, ?, ?)")) {
                int next = bind(insert, 1, mine.request());
                insert.setBytes(next++, mine.request().hash());
                insert.setString(next++, mine.token());
                insert.setObject(next, Times.of(clock.instant().plus(CLAIM)));
                insert.executeUpdate();
                return true;
            } catch (SQLException e) {
                if (SqlErrors.isDuplicate(e)) {
                    return false;
                }
                throw e;
            }
        });
    }

    private Optional<Row> find(KeyedRequest request, Deadline deadline) {
        return database.inTransaction(deadline, connection -> {
            try (var select = connection.prepareStatement("SELECT body_hash, token, expires_at, status, headers, body "
                    + "FROM ums_idempotency" + IS_THE_REQUEST)) {
                bind(select, 1, request);
                try (var row = select.executeQuery()) {
                    if (!row.next()) {
                        return Optional.empty();
                    }
                    int status = row.getInt("status");
                    var answer = row.wasNull()
                            ? null
                            : new StoredAnswer(status, Json.readHeaders(row.getString("headers")), row.getString("body"));
                    return Optional.of(
                            new Row(row.getBytes("body_hash"), row.getString("token"), Times.read(row, "expires_at"), answer));
                }
            }
        });
    }

    /** False where another request was faster, or the former one has stored its answer after all. */
    private boolean takeOver(Claim mine, String former, Deadline deadline) {
        return database.inTransaction(deadline, connection -> {
            try (var update = connection.prepareStatement("UPDATE ums_idempotency SET body_hash = ?, token = ?, "
                    + "expires_at = ?, status = NULL, headers = NULL, body = NULL" + IS_THE_REQUEST
                    + " AND token = ? AND expires_at <= ?")) {
                Instant now = clock.instant();
                update.setBytes(1, mine.request().hash());
                update.setString(2, mine.token());
                update.setObject(3, Times.of(now.plus(CLAIM)));
                int next = bind(update, 4, mine.request());
                update.setString(next++, former);
                update.setObject(next, Times.of(now));
                return update.executeUpdate() == 1;
            }
        });
    }

    /** Stores the answer in the transaction that does the work, which is refused where the claim is not held any more. */
    public void complete(Connection connection, Claim mine, StoredAnswer answer) throws SQLException {
        try (var update = connection.prepareStatement("UPDATE ums_idempotency SET status = ?, headers = ?, body = ?, "
                + "expires_at = ?" + IS_THE_REQUEST + " AND token = ?")) {
            update.setInt(1, answer.status());
            update.setString(2, Json.headers(answer.headers()));
            update.setString(3, answer.body());
            update.setObject(4, Times.of(clock.instant().plus(ANSWER)));
            int next = bind(update, 5, mine.request());
            update.setString(next, mine.token());
            if (update.executeUpdate() != 1) {
                throw new Refusal(Refusal.Reason.KEY_IN_USE);
            }
        }
    }

    /** Gives the key back after a request that stored no answer. A claim that was lost is not touched. */
    public void drop(Claim mine, Deadline deadline) {
        database.inTransaction(deadline, connection -> {
            try (var delete = connection.prepareStatement(
                    "DELETE FROM ums_idempotency" + IS_THE_REQUEST + " AND token = ? AND status IS NULL")) {
                int next = bind(delete, 1, mine.request());
                delete.setString(next, mine.token());
                return delete.executeUpdate();
            }
        });
    }

    private static int bind(PreparedStatement statement, int from, KeyedRequest request) throws SQLException {
        statement.setString(from, request.principal());
        statement.setString(from + 1, request.route());
        statement.setString(from + 2, request.key());
        return from + 3;
    }
}
