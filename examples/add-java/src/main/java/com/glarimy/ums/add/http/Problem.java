package com.glarimy.ums.add.http;

import com.glarimy.ums.add.json.Json;
import com.glarimy.ums.add.user.Fault;
import java.util.List;
import java.util.Map;

/**
 * An error as a client sees it (RFC 9457). It never holds anything internal: no address, no query, no stack.
 *
 * @param detail what happened in this case, and what to do
 * @param headers those of the case alone, such as Allow
 */
record Problem(ProblemType type, String detail, List<Fault> faults, Map<String, String> headers) {
    private static final String MEDIA_TYPE = "application/problem+json";

    static Problem of(ProblemType type, String detail, Fault... faults) {
        return new Problem(type, detail, List.of(faults), Map.of());
    }

    Problem with(String name, String value) {
        return new Problem(type, detail, faults, Map.of(name, value));
    }

    /** The problem as an exception, to leave what was under way. */
    ProblemException exception() {
        return new ProblemException(this);
    }

    /**
     * The answer.
     *
     * @param instance the path of the request as it was sent, or null where it could not be read
     */
    Answer answer(String requestId, String instance) {
        var answer = Answer.of(type.status()).with("Content-Type", MEDIA_TYPE).with("Cache-Control", "no-store")
                .with("X-Content-Type-Options", "nosniff");
        for (var header : headers.entrySet()) {
            answer = answer.with(header.getKey(), header.getValue());
        }
        return answer.withBody(json(requestId, instance));
    }

    private String json(String requestId, String instance) {
        return Json.object(out -> {
            out.writeStringProperty("type", type.uri());
            out.writeStringProperty("title", type.title());
            out.writeNumberProperty("status", type.status());
            out.writeStringProperty("detail", detail);
            if (instance != null) {
                out.writeStringProperty("instance", instance);
            }
            out.writeStringProperty("request_id", requestId);
            if (!faults.isEmpty()) {
                out.writeArrayPropertyStart("errors");
                for (Fault fault : faults) {
                    out.writeStartObject();
                    out.writeStringProperty("pointer", fault.pointer());
                    out.writeStringProperty("code", fault.code());
                    out.writeStringProperty("detail", fault.detail());
                    out.writeEndObject();
                }
                out.writeEndArray();
            }
        });
    }
}
