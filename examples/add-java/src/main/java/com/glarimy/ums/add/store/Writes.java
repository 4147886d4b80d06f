package com.glarimy.ums.add.store;

import com.glarimy.ums.add.user.Draft;
import com.glarimy.ums.add.user.Name;
import com.glarimy.ums.add.user.PhoneNumber;
import com.glarimy.ums.add.user.User;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.function.Predicate;

/** The changes. Each is one transaction, which holds the user's row, its event and, for a keyed request, the answer. */
public final class Writes {
    /** What else is to be stored with a new user. */
    @FunctionalInterface
    public interface Completion {
        void store(Connection connection, User user) throws SQLException;
    }

    private final Database database;
    private final Clock clock;

    public Writes(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /** Adds a user, or is refused as there is one. */
    public User add(Draft draft, Origin origin, Deadline deadline, Completion completion) {
        User user = User.joining(draft, clock.instant());
        return database.inTransaction(deadline, connection -> {
            new Users(connection).add(user);
            new Outbox(connection).append(Outbox.Kind.ADDED, user, user.since(), origin);
            completion.store(connection, user);
            return user;
        });
    }

    /** Gives a user another number. Where it is the number that the user has, nothing is written. */
    public User change(Name name, PhoneNumber phone, Predicate<User> precondition, Origin origin, Deadline deadline) {
        return database.inTransaction(deadline, connection -> {
            var users = new Users(connection);
            User before = users.lock(name, precondition);
            if (before.phone().equals(phone)) {
                return before;
            }
            User after = before.withPhone(phone);
            users.change(after);
            new Outbox(connection).append(Outbox.Kind.CHANGED, after, clock.instant(), origin);
            return after;
        });
    }

    /** Removes a user. */
    public void remove(Name name, Predicate<User> precondition, Origin origin, Deadline deadline) {
        database.inTransaction(deadline, connection -> {
            var users = new Users(connection);
            User last = users.lock(name, precondition);
            users.remove(name);
            new Outbox(connection).append(Outbox.Kind.REMOVED, last, clock.instant(), origin);
            return last;
        });
    }
}
