package com.glarimy.ums.add.store;

import com.glarimy.ums.add.user.InvalidValueException;
import com.glarimy.ums.add.user.Name;
import com.glarimy.ums.add.user.PhoneNumber;
import com.glarimy.ums.add.user.User;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Predicate;

/** The table ums_users, within one transaction. */
final class Users {
    private final Connection connection;

    Users(Connection connection) {
        this.connection = connection;
    }

    /** Whether a committed row has the name. */
    boolean isKnown(Name name) throws SQLException {
        try (var select = connection.prepareStatement("SELECT 1 FROM ums_users WHERE name = ?")) {
            select.setString(1, name.toString());
            try (var row = select.executeQuery()) {
                return row.next();
            }
        }
    }

    void add(User user) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO ums_users (name, phone, since, version) VALUES (?, ?, ?, ?)")) {
            insert.setString(1, user.name().toString());
            insert.setLong(2, user.phone().value());
            insert.setObject(3, Times.of(user.since()));
            insert.setLong(4, user.version());
            insert.executeUpdate();
        } catch (SQLException e) {
            if (SqlErrors.isDuplicate(e)) {
                throw new Refusal(Refusal.Reason.EXISTS);
            }
            throw e;
        }
    }

    /** Finds the user and holds the row until the transaction ends. Who is not there is refused before any precondition. */
    User lock(Name name, Predicate<User> precondition) throws SQLException {
        try (var select = connection.prepareStatement("SELECT phone, since, version FROM ums_users WHERE name = ? FOR UPDATE")) {
            select.setString(1, name.toString());
            try (var row = select.executeQuery()) {
                if (!row.next()) {
                    throw new Refusal(Refusal.Reason.NOT_FOUND);
                }
                var user = new User(name, phone(row.getLong("phone")), Times.read(row, "since"), row.getLong("version"));
                if (!precondition.test(user)) {
                    throw new Refusal(Refusal.Reason.VERSION_MISMATCH);
                }
                return user;
            }
        }
    }

    private static PhoneNumber phone(long stored) throws SQLException {
        try {
            return PhoneNumber.of(stored);
        } catch (InvalidValueException e) {
            throw new SQLException("a phone number in ums_users is none", e);
        }
    }

    void change(User user) throws SQLException {
        try (var update = connection.prepareStatement("UPDATE ums_users SET phone = ?, version = ? WHERE name = ?")) {
            update.setLong(1, user.phone().value());
            update.setLong(2, user.version());
            update.setString(3, user.name().toString());
            update.executeUpdate();
        }
    }

    void remove(Name name) throws SQLException {
        try (var delete = connection.prepareStatement("DELETE FROM ums_users WHERE name = ?")) {
            delete.setString(1, name.toString());
            delete.executeUpdate();
        }
    }
}
