package com.glarimy.ums.add.user;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with the fields of a document. */
final class Faults {
    /** Bounds the answer to a document of nothing but faults. */
    private static final int MAX = 16;

    private static final int LONGEST_KEY = 64;

    /** What a URI's fragment may hold as it is (RFC 3986, section 3.5), beside letters and digits. */
    private static final String PLAIN = "-._~!$&'()*+,;=:@/?";

    private final List<Fault> found = new ArrayList<>();

    void add(String key, String code, String detail) {
        if (found.size() < MAX) {
            found.add(new Fault(pointer(key), code, detail));
        }
    }

    void throwIfAny() throws FaultyFieldsException {
        if (!found.isEmpty()) {
            throw new FaultyFieldsException(found);
        }
    }

    /** The JSON pointer of a member, as a URI fragment. It is shortened where a client sent a very long name. */
    static String pointer(String key) {
        String shown = key;
        if (key.codePointCount(0, key.length()) > LONGEST_KEY) {
            shown = key.substring(0, key.offsetByCodePoints(0, LONGEST_KEY)) + "…";
        }
        var pointer = new StringBuilder("#/");
        for (byte b : shown.replace("~", "~0").replace("/", "~1").getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || PLAIN.indexOf(c) >= 0)) {
                pointer.append(c);
            } else {
                pointer.append("%%%02X".formatted((int) c));
            }
        }
        return pointer.toString();
    }
}
