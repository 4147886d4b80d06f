package com.glarimy.ums.add;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The environment variables, which have the same names for all of UMS. Any X may be given as X_FILE, a file whose content
 * is the value.
 *
 * @param adminAddress where metrics are, or null for nowhere
 */
record Settings(InetSocketAddress address, InetSocketAddress adminAddress, String databaseUrl, String databasePassword, int connections,
        Duration shutdownDelay, Duration shutdownTimeout) {
    private static final int MAX_CONNECTIONS = 1000;

    /** Reads them. The exception says which is wrong, and never what a secret one holds. */
    static Settings of(Map<String, String> env) {
        String url = value(env, "DATABASE_URL", "");
        if (url.isEmpty()) {
            throw new IllegalArgumentException("DATABASE_URL is missing: give mysql://user:password@tcp(host:3306)/database");
        }
        String admin = value(env, "ADMIN_ADDR", ":9464");
        return new Settings(address("ADDR", value(env, "ADDR", ":8080")), admin.equals("off") ? null : address("ADMIN_ADDR", admin), url, value(env, "DATABASE_PASSWORD", ""),
                number(value(env, "DATABASE_MAX_CONNECTIONS", "32")),
                Durations.parse("SHUTDOWN_DELAY", value(env, "SHUTDOWN_DELAY", "0s")),
                Durations.parse("SHUTDOWN_TIMEOUT", value(env, "SHUTDOWN_TIMEOUT", "20s")));
    }

    static String value(Map<String, String> env, String name, String otherwise) {
        String value = env.getOrDefault(name, "");
        String file = env.getOrDefault(name + "_FILE", "");
        if (file.isEmpty()) {
            return value.isEmpty() ? otherwise : value;
        }
        if (!value.isEmpty()) {
            throw new IllegalArgumentException(name + " and " + name + "_FILE are both set: keep one of them");
        }
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException(name + "_FILE names a file that cannot be read: " + file, e);
        }
    }

    /** Reads host:port, where the host may be missing: then it is every address of the machine. */
    private static InetSocketAddress address(String variable, String text) {
        var form = Pattern.compile("(|[^\\[\\]:]+|\\[[^\\]]+\\]):(\\d{1,5})").matcher(text);
        if (!form.matches() || Integer.parseInt(form.group(2)) > 0xFFFF) {
            throw new IllegalArgumentException(variable + " is not of the form host:port or :port: " + text);
        }
        int port = Integer.parseInt(form.group(2));
        var address = form.group(1).isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(form.group(1), port);
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("the host of " + variable + " is not known: " + text);
        }
        return address;
    }

    private static int number(String text) {
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_CONNECTIONS) {
            throw new IllegalArgumentException("DATABASE_MAX_CONNECTIONS must be from 1 to " + MAX_CONNECTIONS);
        }
        return Integer.parseInt(text);
    }
}
