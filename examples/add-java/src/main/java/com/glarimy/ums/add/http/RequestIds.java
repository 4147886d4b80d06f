package com.glarimy.ums.add.http;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.eclipse.jetty.http.HttpFields;

/** The ids by which one request is found in the logs of all services. */
final class RequestIds {
    static final String HEADER = "X-Request-Id";

    private static final int MAX_LENGTH = 128;
    private static final int NEW_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom(); // its state is the system's

    private RequestIds() {}

    /** The request's own id where it is 1 to 128 visible ASCII characters, else a new one. */
    static String of(HttpFields headers) {
        String sent = headers.get(HEADER);
        return sent != null && sent.length() <= MAX_LENGTH && HeaderText.isVisibleAscii(sent) ? sent : next();
    }

    static String next() {
        var bytes = new byte[NEW_BYTES];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
