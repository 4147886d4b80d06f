package com.glarimy.ums.add.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes the idempotency keys that have expired: nobody else does where this fills the slot. */
public final class KeyCleanup implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(KeyCleanup.class);
    private static final int BATCH = 200;
    private static final Duration TIME = Duration.ofSeconds(4);

    private final Database database;
    private final Clock clock;

    public KeyCleanup(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    private record Expired(String principal, String route, String key) {}

    /** Removes all that has expired by now, a batch at a time, so that no transaction holds many locks. */
    @Override
    public void run() {
        try {
            int removed;
            do {
                removed = database.inTransaction(Deadline.in(TIME), this::removeBatch);
            } while (removed == BATCH);
        } catch (StoreException e) {
            LOG.atWarn().addKeyValue("error", String.valueOf(e.getCause())).log("expired idempotency keys stay for now");
        }
    }

    private int removeBatch(Connection connection) throws SQLException {
        LocalDateTime now = Times.of(clock.instant());
        List<Expired> batch = expired(connection, now);
        // By primary key and as it stands now, so that a key stays that was replaced a moment ago.
        try (var delete = connection.prepareStatement("DELETE FROM ums_idempotency "
                + "WHERE principal = ? AND route = ? AND idempotency_key = ? AND expires_at <= ?")) {
            for (Expired e : batch) {
                delete.setString(1, e.principal());
                delete.setString(2, e.route());
                delete.setString(3, e.key());
                delete.setObject(4, now);
                delete.executeUpdate();
            }
        }
        return batch.size();
    }

    private static List<Expired> expired(Connection connection, LocalDateTime now) throws SQLException {
        try (var select = connection.prepareStatement("SELECT principal, route, idempotency_key FROM ums_idempotency "
                + "WHERE expires_at <= ? ORDER BY expires_at LIMIT " + BATCH)) {
            select.setObject(1, now);
            try (var row = select.executeQuery()) {
                var found = new ArrayList<Expired>();
                while (row.next()) {
                    found.add(new Expired(row.getString(1), row.getString(2), row.getString(3)));
                }
                return found;
            }
        }
    }
}
