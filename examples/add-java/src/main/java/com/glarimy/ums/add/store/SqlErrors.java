package com.glarimy.ums.add.store;

import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;

/** Tells the errors of MySQL and MariaDB apart, by their numbers (Server Error Message Reference). */
final class SqlErrors {
    private static final int DUPLICATE_ENTRY = 1062;
    private static final int NO_SUCH_TABLE = 1146;

    /** Lock wait timeout, deadlock, a record that has changed (MariaDB), a conflict within a cluster. */
    private static final Set<Integer> CONTENTION = Set.of(1205, 1213, 1020, 3101);

    /** The server is read-only now: it also refuses a COMMIT so, and rolls back. */
    private static final Set<Integer> READ_ONLY = Set.of(1290, 1836);

    /** Shutting down, killed by an operator, too many connections, disk full. */
    private static final Set<Integer> UNAVAILABLE = Set.of(1053, 1317, 1927, 1040, 1203, 1021, 1114);

    private static final String CONNECTION_EXCEPTION = "08"; // the class of SQLSTATE

    private SqlErrors() {}

    static boolean isDuplicate(SQLException e) {
        return e.getErrorCode() == DUPLICATE_ENTRY;
    }

    static boolean isNoSuchTable(SQLException e) {
        return e.getErrorCode() == NO_SUCH_TABLE;
    }

    /** The transaction lost to others, was rolled back, and may be tried again. */
    static boolean isContention(SQLException e) {
        return CONTENTION.contains(e.getErrorCode());
    }

    /** The server answered COMMIT, by rolling back. */
    static boolean rolledBack(SQLException e) {
        return isContention(e) || READ_ONLY.contains(e.getErrorCode());
    }

    static StoreException.Kind kindOf(SQLException e) {
        if (isContention(e)) {
            return StoreException.Kind.CONTENTION;
        }
        boolean away = e instanceof SQLTransientConnectionException || e instanceof SQLTimeoutException
                || e.getSQLState() != null && e.getSQLState().startsWith(CONNECTION_EXCEPTION)
                || UNAVAILABLE.contains(e.getErrorCode()) || READ_ONLY.contains(e.getErrorCode());
        return away ? StoreException.Kind.UNAVAILABLE : StoreException.Kind.INTERNAL;
    }
}
