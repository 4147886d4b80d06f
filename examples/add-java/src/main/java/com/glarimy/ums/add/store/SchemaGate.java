package com.glarimy.ums.add.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says whether the schema that this program needs has been seen. It opens once and stays open, whatever becomes of the
 * database afterwards: one outage must not take all instances out of service at once. Services never migrate.
 */
public final class SchemaGate implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaGate.class);
    private static final Duration TIME = Duration.ofSeconds(2);

    /** The newest version of the schema that there was when this was written. */
    static final long KNOWN = 17;

    /** The version with the last of the tables that this program uses. */
    static final long REQUIRED = 7;

    private final Database database;
    private volatile boolean open;
    private String said = "";

    public SchemaGate(Database database) {
        this.database = database;
    }

    public boolean isOpen() {
        return open;
    }

    /** Looks once, unless it is open. It is for one thread. */
    @Override
    public void run() {
        if (open) {
            return;
        }
        String reason = look();
        open = reason.isEmpty();
        if (!reason.equals(said)) {
            LOG.atWarn().addKeyValue("reason", reason).log("waiting for the schema");
            said = reason;
        }
        if (open) {
            LOG.atInfo().addKeyValue("required", REQUIRED).log("schema seen");
        }
    }

    private String look() {
        try {
            return database.inTransaction(Deadline.in(TIME), SchemaGate::read);
        } catch (StoreException e) {
            return "the database does not answer: " + rootOf(e).getMessage(); // the pool's own message tells its times
        }
    }

    private static Throwable rootOf(Throwable e) {
        return e.getCause() == null ? e : rootOf(e.getCause());
    }

    private static String read(Connection connection) throws SQLException {
        long version;
        boolean dirty;
        try (var select = connection.createStatement();
                var row = select.executeQuery("SELECT version, dirty FROM schema_migrations LIMIT 1")) {
            if (!row.next()) {
                return judge(0, false, 0);
            }
            version = row.getLong(1);
            dirty = row.getBoolean(2);
        } catch (SQLException e) {
            if (SqlErrors.isNoSuchTable(e)) {
                return judge(0, false, 0);
            }
            throw e;
        }
        return judge(version, dirty, floor(connection));
    }

    private static long floor(Connection connection) throws SQLException {
        try (var select = connection.createStatement();
                var row = select.executeQuery("SELECT min_version FROM ums_schema_floor WHERE id = 1")) {
            return row.next() ? row.getLong(1) : 0;
        } catch (SQLException e) {
            if (SqlErrors.isNoSuchTable(e)) {
                return 0;
            }
            throw e;
        }
    }

    /** Why this program cannot work on such a schema, or nothing. The floor is how old a program may be; 0 says nothing. */
    static String judge(long version, boolean dirty, long floor) {
        if (dirty) {
            return "a migration to version " + version + " is running or was interrupted";
        }
        if (version < REQUIRED) {
            return "the schema is at version " + version + " and this program needs " + REQUIRED + ": run `migrate up`";
        }
        if (floor > KNOWN || version > KNOWN && floor == 0) {
            return "the schema is too new (" + version + ") for this program, which knows " + KNOWN;
        }
        return "";
    }
}
