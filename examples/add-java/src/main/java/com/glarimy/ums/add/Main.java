package com.glarimy.ums.add;

import com.glarimy.ums.add.http.HttpService;
import com.glarimy.ums.add.store.Database;
import com.glarimy.ums.add.store.KeyCleanup;
import com.glarimy.ums.add.store.SchemaGate;
import com.glarimy.ums.add.store.Writes;
import java.time.Clock;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the service, and stops it on SIGTERM. {@code health} as the argument asks the one that runs whether it is ready. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);
    private static final int SCHEMA_LOOK_MILLIS = 250;
    private static final int CLEANUP_SECONDS = 60;

    /** Requests beyond those that have a connection: they wait for one, or ask for nothing of the database. */
    private static final int SPARE_THREADS = 32;

    private Main() {}

    public static void main(String[] args) {
        try {
            Settings settings = Settings.of(System.getenv());
            if (args.length == 1 && args[0].equals("health")) {
                health(settings);
            } else {
                serve(settings);
            }
        } catch (Exception e) {
            LOG.error("add: {}", e.getMessage());
            System.exit(1);
        }
    }

    private static void health(Settings settings) {
        String reason = Health.reason(settings.address());
        if (!reason.isEmpty()) {
            System.err.println(reason);
            System.exit(1);
        }
    }

    private static void serve(Settings settings) throws Exception {
        Database database = Database.open(settings.databaseUrl(), settings.databasePassword(), settings.connections());
        Clock clock = Clock.systemUTC();
        var schema = new SchemaGate(database);
        var http = new HttpService(settings.address(), settings.adminAddress(), settings.connections() + SPARE_THREADS,
                new Writes(database, clock), schema::isOpen, settings.shutdownTimeout());
        ScheduledExecutorService tasks = Executors.newSingleThreadScheduledExecutor();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(settings, http, tasks, database)));
        http.start();
        LOG.atInfo().addKeyValue("addr", settings.address().getHostString() + ":" + http.port()).log("serving");
        tasks.scheduleWithFixedDelay(schema, 0, SCHEMA_LOOK_MILLIS, TimeUnit.MILLISECONDS);
        var cleanup = new KeyCleanup(database, clock);
        tasks.scheduleWithFixedDelay(() -> {
            if (schema.isOpen()) {
                cleanup.run();
            }
        }, 1, CLEANUP_SECONDS, TimeUnit.SECONDS);
    }

    private static void stop(Settings settings, HttpService http, ScheduledExecutorService tasks, Database database) {
        LOG.atInfo().addKeyValue("delay", settings.shutdownDelay()).log("stopping");
        int code = 0;
        try {
            http.drain();
            Thread.sleep(settings.shutdownDelay().toMillis());
            tasks.shutdownNow();
            http.stop();
            database.close();
            LOG.info("stopped");
        } catch (Exception e) {
            LOG.error("the stop was not complete", e);
            code = 1;
        }
        Runtime.getRuntime().halt(code); // after SIGTERM the virtual machine itself would say 143
    }
}
