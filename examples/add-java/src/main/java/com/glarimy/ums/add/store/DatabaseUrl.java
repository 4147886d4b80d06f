package com.glarimy.ums.add.store;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * DATABASE_URL in the form that all of UMS reads, which is golang-migrate's:
 * {@code mysql://user:password@tcp(host:3306)/database?tls=true}, user and password percent-encoded. Messages of its
 * exceptions never hold the password.
 */
final class DatabaseUrl {
    private static final Pattern FORM =
            Pattern.compile("mysql://(?:([^:@]*)(?::(.*))?@)?tcp\\(([^()]+)\\)/([^/?]+)(?:\\?(.*))?");
    private static final String CA = "x-tls-ca";

    private final String address;
    private final String database;
    private final String user;
    private final String password;
    private final Map<String, String> parameters;

    private DatabaseUrl(String address, String database, String user, String password, Map<String, String> parameters) {
        this.address = address;
        this.database = database;
        this.user = user;
        this.password = password;
        this.parameters = parameters;
    }

    /** Reads the URL. A password that is not empty takes the place of the URL's own. */
    static DatabaseUrl parse(String url, String password) {
        var form = FORM.matcher(url);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "DATABASE_URL is not of the form mysql://user:password@tcp(host:3306)/database");
        }
        String own = form.group(2) == null ? "" : decode(form.group(2));
        return new DatabaseUrl(form.group(3), decode(form.group(4)), form.group(1) == null ? "" : decode(form.group(1)),
                password.isEmpty() ? own : password, parameters(form.group(5)));
    }

    String user() {
        return user;
    }

    String password() {
        return password;
    }

    /** The address for the driver, without user and password. */
    String jdbc() {
        var options = new LinkedHashMap<>(tls());
        options.put("connectTimeout", "2000");
        // InnoDB's own 50 s outlive every request.
        options.put("sessionVariables", "innodb_lock_wait_timeout=2");
        var url = new StringBuilder("jdbc:mariadb://").append(address).append('/').append(encode(database));
        char separator = '?';
        for (var option : options.entrySet()) {
            url.append(separator).append(option.getKey()).append('=').append(option.getValue());
            separator = '&';
        }
        return url.toString();
    }

    private Map<String, String> tls() {
        if (parameters.containsKey(CA)) {
            boolean unverified = Boolean.parseBoolean(parameters.get("x-tls-insecure-skip-verify"));
            return unverified ? Map.of("sslMode", "trust") : Map.of("sslMode", "verify-full", "serverSslCert", parameters.get(CA));
        }
        return switch (parameters.getOrDefault("tls", "false")) {
            case "true" -> Map.of("sslMode", "verify-full");
            case "skip-verify" -> Map.of("sslMode", "trust");
            // Without TLS the password goes out encrypted by a key that the server is asked for, as the other services do.
            case "false" -> Map.of("allowPublicKeyRetrieval", "true");
            default -> throw new IllegalArgumentException("tls in DATABASE_URL must be true, skip-verify or false");
        };
    }

    private static Map<String, String> parameters(String query) {
        var found = new LinkedHashMap<String, String>();
        for (String parameter : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
            String[] parts = parameter.split("=", 2);
            found.put(decode(parts[0]), parts.length > 1 ? decode(parts[1]) : "");
        }
        return found;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("DATABASE_URL is not percent-encoded correctly"); // its text has the password
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
