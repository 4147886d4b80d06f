package com.glarimy.ums.add.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.eclipse.jetty.http.HttpFields;

/** The service's description of itself, of which the gateway composes that of the whole. */
final class Document {
    private static final int TAG_BYTES = 16;

    private final String text;
    private final String etag;

    private Document(byte[] bytes) {
        this.text = new String(bytes, StandardCharsets.UTF_8);
        this.etag = "\"" + HexFormat.of().formatHex(Incoming.sha256(bytes), 0, TAG_BYTES) + "\"";
    }

    static Document load() {
        try (InputStream in = Document.class.getResourceAsStream("/openapi.yaml")) {
            return new Document(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Answer answer(HttpFields headers) throws ProblemException {
        List<String> lines = headers.getValuesList("If-None-Match");
        boolean known = !lines.isEmpty() && EntityTags.parse("If-None-Match", lines).matchWeak(etag);
        Answer answer = Answer.of(known ? 304 : 200).with("ETag", etag).with("Cache-Control", "no-cache")
                .with("X-Content-Type-Options", "nosniff");
        return known ? answer : answer.with("Content-Type", "application/yaml").withBody(text);
    }
}
