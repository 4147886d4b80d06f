package com.glarimy.ums.add;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;

/** Asks the server that runs beside this process whether it is ready. The image has no shell and no curl. */
final class Health {
    private static final int TIMEOUT_MILLIS = 3_000;

    private Health() {}

    /** Returns why it is not ready, or nothing. */
    static String reason(InetSocketAddress address) {
        String host = address.getAddress().isAnyLocalAddress()
                ? "127.0.0.1"
                : address.getHostString();
        try {
            var readyz = URI.create("http://" + host + ":" + address.getPort() + "/readyz").toURL();
            var connection = (HttpURLConnection) readyz.openConnection();
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            int status = connection.getResponseCode();
            return status == 200 ? "" : "not ready: " + readyz + " answers " + status;
        } catch (IOException e) {
            return "not serving: " + e.getMessage();
        }
    }
}
