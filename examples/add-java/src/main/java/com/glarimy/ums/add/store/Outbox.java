package com.glarimy.ums.add.store;

import com.glarimy.ums.add.json.Json;
import com.glarimy.ums.add.user.User;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;

/**
 * The table ums_outbox: the event of a change, written in the transaction of the change itself, so that both happen or
 * neither does. The relay publishes it.
 */
final class Outbox {
    /** What happened, as the attribute type of CloudEvents. */
    enum Kind {
        ADDED("com.glarimy.ums.user.added"),
        CHANGED("com.glarimy.ums.user.changed"),
        REMOVED("com.glarimy.ums.user.removed");

        private final String type;

        Kind(String type) {
            this.type = type;
        }
    }

    private static final String INSERT = "INSERT INTO ums_outbox "
            + "(id, aggregatetype, aggregateid, type, payload, actor, request_id, traceparent, occurred_at) "
            + "VALUES (?, 'user', ?, ?, ?, ?, ?, ?, ?)";

    private final Connection connection;

    Outbox(Connection connection) {
        this.connection = connection;
    }

    /**
     * Writes the event.
     *
     * @param user as it stands after the change, or stood before its removal
     */
    void append(Kind kind, User user, Instant at, Origin origin) throws SQLException {
        try (var insert = connection.prepareStatement(INSERT)) {
            insert.setString(1, EventIds.next(at).toString());
            insert.setString(2, user.name().toString());
            insert.setString(3, kind.type);
            insert.setString(4, Json.event(user));
            insert.setString(5, origin.actor());
            insert.setString(6, origin.requestId());
            insert.setString(7, origin.traceparent());
            insert.setObject(8, Times.of(at));
            insert.executeUpdate();
        }
    }
}
