package com.glarimy.ums.add.http;

import com.glarimy.ums.add.user.Fault;
import com.glarimy.ums.add.user.InvalidValueException;
import com.glarimy.ums.add.user.Name;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** A name as one opaque, percent-encoded segment of a path. */
final class Segments {
    private static final String UNRESERVED = "-._~";

    private Segments() {}

    /** The name in a segment as it was sent. It is decoded once, here: %252F is the three characters %2F. */
    static Name name(String segment) throws ProblemException {
        try {
            return Name.of(decode(segment));
        } catch (InvalidValueException e) {
            throw invalid(e.code(), e.getMessage());
        }
    }

    private static String decode(String segment) throws ProblemException {
        var bytes = new ByteArrayOutputStream(segment.length());
        int at = 0;
        while (at < segment.length()) {
            int c = segment.codePointAt(at);
            if (c == '%') {
                bytes.write(hexByte(segment, at + 1));
                at += 3;
            } else {
                bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
                at += Character.charCount(c);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
        } catch (CharacterCodingException e) {
            throw invalid("encoding", "the name is not valid UTF-8");
        }
    }

    private static int hexByte(String segment, int at) throws ProblemException {
        int high = at + 1 < segment.length() ? Character.digit(segment.charAt(at), 16) : -1;
        int low = high < 0 ? -1 : Character.digit(segment.charAt(at + 1), 16);
        if (low < 0) {
            throw invalid("encoding", "the name in the path is not percent-encoded correctly");
        }
        return high << 4 | low;
    }

    private static ProblemException invalid(String code, String detail) {
        return Problem.of(ProblemType.INVALID_NAME, detail, new Fault("#/name", code, detail)).exception();
    }

    /** The name as a segment. */
    static String encode(Name name) {
        return encode(name.toString(), UNRESERVED);
    }

    /** A path as it was sent, with what no path may hold encoded. */
    static String escape(String path) {
        return encode(path, UNRESERVED + "!$&'()*+,;=:@/%");
    }

    private static String encode(String text, String plain) {
        var encoded = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || plain.indexOf(c) >= 0)) {
                encoded.append(c);
            } else {
                encoded.append("%%%02X".formatted((int) c));
            }
        }
        return encoded.toString();
    }
}
