package com.glarimy.ums.add.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** A pool of connections, and transactions over it. Safe for concurrent use. */
public final class Database implements AutoCloseable {
    /** How long a transaction may take, whatever time its request has. */
    private static final Duration LONGEST_TRANSACTION = Duration.ofSeconds(4);

    /** A COMMIT that is on its way is waited for a little longer: a known outcome spares the caller much. */
    private static final int COMMIT_GRACE_MILLIS = 200;

    private static final Duration CONNECTION_WAIT = Duration.ofSeconds(2);
    private static final int RETRIES = 3;
    private static final int FIRST_PAUSE_MILLIS = 5;

    private final HikariDataSource pool;

    /** What happens in one transaction. It may be repeated, so it has no other effect. */
    @FunctionalInterface
    public interface Work<T> {
        T in(Connection connection) throws SQLException;
    }

    private Database(HikariDataSource pool) {
        this.pool = pool;
    }

    /** Makes the pool. It does not connect: a database that is away makes requests fail, not the program. */
    public static Database open(String url, String password, int connections) {
        DatabaseUrl at = DatabaseUrl.parse(url, password);
        var config = new HikariConfig();
        config.setPoolName("ums");
        config.setJdbcUrl(at.jdbc());
        config.setUsername(at.user());
        config.setPassword(at.password());
        config.setMaximumPoolSize(connections);
        config.setMinimumIdle(Math.min(2, connections));
        config.setConnectionTimeout(CONNECTION_WAIT.toMillis());
        config.setInitializationFailTimeout(-1);
        config.setAutoCommit(false);
        // Every write locks its row by primary key; MySQL's default would only add gap locks, and deadlocks by them.
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        return new Database(new HikariDataSource(config));
    }

    /**
     * Does the work in a transaction and commits it. One that lost to others is done again, at most three times.
     *
     * @throws StoreException where the database did not do it
     */
    public <T> T inTransaction(Deadline deadline, Work<T> work) {
        Deadline end = deadline.orIn(LONGEST_TRANSACTION);
        for (int attempt = 0; ; attempt++) {
            try {
                return once(end, work);
            } catch (SQLException e) {
                if (!SqlErrors.isContention(e) || attempt == RETRIES || end.isOver()) {
                    throw new StoreException(SqlErrors.kindOf(e), e);
                }
                pause(FIRST_PAUSE_MILLIS << attempt);
            }
        }
    }

    private <T> T once(Deadline end, Work<T> work) throws SQLException {
        try (Connection connection = pool.getConnection()) { // closing rolls back what was not committed
            limit(connection, end.millisLeft());
            T result = work.in(connection);
            limit(connection, end.millisLeft() + COMMIT_GRACE_MILLIS);
            try {
                connection.commit();
            } catch (SQLException e) {
                if (SqlErrors.rolledBack(e)) {
                    throw e;
                }
                throw new StoreException(StoreException.Kind.OUTCOME_UNKNOWN, e);
            }
            return result;
        }
    }

    /** Bounds each answer of the server. One that does not come costs the connection, so that nothing is left open. */
    private static void limit(Connection connection, int millis) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, Math.max(1, millis));
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(millis / 2, millis * 2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Closes the connections. */
    @Override
    public void close() {
        pool.close();
    }
}
