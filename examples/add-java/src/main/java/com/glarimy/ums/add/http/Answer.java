package com.glarimy.ums.add.http;

import com.glarimy.ums.add.store.StoredAnswer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** An answer, whole before the first byte of it is written. */
record Answer(int status, Map<String, List<String>> headers, String body) {
    private static final int NO_CONTENT = 204;
    private static final int NOT_MODIFIED = 304;

    static Answer of(int status) {
        return new Answer(status, Map.of(), "");
    }

    static Answer of(StoredAnswer stored) {
        return new Answer(stored.status(), stored.headers(), stored.body());
    }

    StoredAnswer stored() {
        return new StoredAnswer(status, headers, body);
    }

    Answer with(String name, String value) {
        var more = new LinkedHashMap<>(headers);
        more.put(name, List.of(value));
        return new Answer(status, more, body);
    }

    Answer withBody(String text) {
        return new Answer(status, headers, text);
    }

    void write(Response response, Callback callback) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        headers.forEach((name, values) -> response.getHeaders().put(name, values));
        if (status != NO_CONTENT && status != NOT_MODIFIED) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        }
        response.write(true, ByteBuffer.wrap(bytes), callback);
    }
}
