package com.glarimy.ums.add.http;

import com.glarimy.ums.add.store.Deadline;
import com.glarimy.ums.add.store.Origin;
import com.glarimy.ums.add.user.User;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/** What a request says, read strictly. */
final class Incoming {
    static final int MAX_BODY = 16 << 10;

    /** What is still read of a body that is too large: with unread bytes the connection would end before the answer. */
    private static final int MAX_DISCARDED = 4 << 20;

    private static final int MAX_KEY = 255;
    private static final int MAX_ACTOR = 255;
    private static final int MAX_PRINCIPAL = 191;
    private static final Duration DEFAULT_TIME = Duration.ofSeconds(10);
    private static final Pattern DEADLINE = Pattern.compile("[0-9]{1,9}");
    private static final Pattern TRACEPARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

    private final Request request;
    private final String id;

    Incoming(Request request, String id) {
        this.request = request;
        this.id = id;
    }

    private HttpFields headers() {
        return request.getHeaders();
    }

    /** The body, of one of the media types. */
    byte[] body(Set<String> mediaTypes) throws ProblemException {
        if (!MediaTypes.isOneOf(mediaTypes, headers().get("Content-Type"))) {
            throw Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "Send JSON in UTF-8, with Content-Type: application/json.")
                    .exception();
        }
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] body = in.readNBytes(MAX_BODY + 1);
            if (body.length > MAX_BODY) {
                in.readNBytes(MAX_DISCARDED);
                throw Problem.of(ProblemType.BODY_TOO_LARGE, "The body may have at most 16 KiB.").exception();
            }
            return body;
        } catch (IOException e) {
            throw Problem.of(ProblemType.MALFORMED_REQUEST, "The body did not arrive whole. Send the request again.").exception();
        }
    }

    /**
     * The idempotency key, or null. The draft makes it a string in quotes (draft-ietf-httpapi-idempotency-key-header-07); most
     * clients send it bare, which means the same here.
     */
    String idempotencyKey() throws ProblemException {
        List<String> values = headers().getValuesList("Idempotency-Key");
        if (values.isEmpty()) {
            return null;
        }
        String key = HeaderText.trim(values.get(0));
        boolean quoted = key.startsWith("\"");
        if (quoted) {
            key = key.length() > 1 && key.endsWith("\"") ? key.substring(1, key.length() - 1) : "";
        }
        boolean malformed = quoted && (key.indexOf('"') >= 0 || key.indexOf('\\') >= 0);
        if (values.size() > 1 || malformed || key.length() > MAX_KEY || !HeaderText.isVisibleAscii(key)) {
            throw Problem.of(ProblemType.INVALID_IDEMPOTENCY_KEY,
                    "The Idempotency-Key must be 1 to 255 visible ASCII characters, once; a UUID will do.").exception();
        }
        return key;
    }

    /** If-Match, which always holds where there is none. */
    Predicate<User> precondition() throws ProblemException {
        List<String> lines = headers().getValuesList("If-Match");
        if (lines.isEmpty()) {
            return user -> true;
        }
        EntityTags tags = EntityTags.parse("If-Match", lines);
        return user -> tags.matchStrong(user.etag());
    }

    /** How much time the gateway gives the request. */
    Deadline deadline() {
        String left = headers().get("Ums-Deadline-Ms");
        return Deadline.in(left != null && DEADLINE.matcher(left).matches()
                ? Duration.ofMillis(Long.parseLong(left))
                : DEFAULT_TIME);
    }

    /** What the gateway says of the request. What is not well-formed is left out, as nothing depends on it. */
    Origin origin() {
        String trace = headers().get("Traceparent");
        return new Origin(actor(), id, trace != null && TRACEPARENT.matcher(trace).matches() ? trace : null);
    }

    /** Who makes the request, for people to read: what does not fit is cut off. */
    private String actor() {
        byte[] sent = actorBytes();
        if (sent.length == 0) {
            return null;
        }
        return new String(sent, 0, Math.min(sent.length, MAX_ACTOR), StandardCharsets.UTF_8);
    }

    /** Whom an idempotency key belongs to. Actors that differ are different principals, so a long one is stored as its digest. */
    String principal() {
        byte[] sent = actorBytes();
        try {
            if (sent.length <= MAX_PRINCIPAL) {
                return StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(sent)).toString();
            }
        } catch (CharacterCodingException e) {
            // by its digest as well
        }
        return "sha256:" + HexFormat.of().formatHex(sha256(sent));
    }

    private byte[] actorBytes() {
        String actor = headers().get("Ums-Actor");
        return actor == null ? new byte[0] : actor.getBytes(StandardCharsets.ISO_8859_1); // as the bytes came
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
