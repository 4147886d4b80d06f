package com.glarimy.ums.add.store;

import com.glarimy.ums.add.user.Draft;
import com.glarimy.ums.add.user.Name;
import com.glarimy.ums.add.user.PhoneNumber;
import com.glarimy.ums.add.user.User;
import java.time.Clock;
import java.util.function.Function;
import java.util.function.Predicate;

/** The changes. Each is one transaction, which holds the answer of a keyed request, the user's row and its event. */
public final class Writes {
    private final Database database;
    private final Clock clock;

    public Writes(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * Adds a user, or is refused as there is one.
     *
     * @param keyed the request, or null where it has no idempotency key
     * @param answer what is stored with the key, and true by the commit
     * @throws AnsweredException where the request was processed before
     */
    public User add(Draft draft, KeyedRequest keyed, Function<User, StoredAnswer> answer, Origin origin, Deadline deadline) {
        User user = User.joining(draft, clock.instant());
        return database.inTransaction(deadline, connection -> {
            var keys = new IdempotencyKeys(connection, clock);
            var users = new Users(connection);
            // What is there already is seen without a lock. Transactions that run into a row hold a shared lock each, and
            // where the row's own transaction comes to nothing, all but one of them are deadlocked. The key counts for more,
            // so it is looked at last: the request that has it may add the user between the two looks.
            boolean known = users.isKnown(user.name());
            if (keyed != null) {
                keys.meet(keyed);
            }
            if (known) {
                throw new Refusal(Refusal.Reason.EXISTS);
            }
            if (keyed != null) {
                keys.take(keyed, answer.apply(user));
            }
            users.add(user);
            new Outbox(connection).append(Outbox.Kind.ADDED, user, user.since(), origin);
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
