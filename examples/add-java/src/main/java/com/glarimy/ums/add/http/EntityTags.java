package com.glarimy.ums.add.http;

import java.util.ArrayList;
import java.util.List;

/** The value of If-Match or If-None-Match: any, or a list of entity tags (RFC 9110, section 8.8.3). */
final class EntityTags {
    private static final EntityTags ANY = new EntityTags(List.of());

    /** With their quotes; a weak one with W/ before them. */
    private final List<String> tags;

    private EntityTags(List<String> tags) {
        this.tags = tags;
    }

    /** Reads all lines of the field. */
    static EntityTags parse(String field, List<String> lines) throws ProblemException {
        String rest = HeaderText.trim(String.join(",", lines));
        if (rest.equals("*")) {
            return ANY;
        }
        var tags = new ArrayList<String>();
        int at = 0;
        while (true) {
            while (at < rest.length() && (rest.charAt(at) == ',' || HeaderText.isBlank(rest.charAt(at)))) {
                at++; // empty elements are allowed (RFC 9110, section 5.6.1)
            }
            if (at == rest.length()) {
                break;
            }
            int end = endOfTag(field, rest, at);
            tags.add(rest.substring(at, end));
            at = end;
            while (at < rest.length() && HeaderText.isBlank(rest.charAt(at))) {
                at++;
            }
            if (at < rest.length() && rest.charAt(at) != ',') {
                throw malformed(field);
            }
        }
        if (tags.isEmpty()) {
            throw malformed(field);
        }
        return new EntityTags(tags);
    }

    private static int endOfTag(String field, String text, int from) throws ProblemException {
        int quote = text.startsWith("W/", from) ? from + 2 : from;
        int end = quote < text.length() && text.charAt(quote) == '"' ? text.indexOf('"', quote + 1) : -1;
        if (end < 0 || text.substring(quote, end).chars().anyMatch(c -> c <= ' ' || c == 0x7F)) {
            throw malformed(field);
        }
        return end + 1;
    }

    private static ProblemException malformed(String field) {
        return Problem.of(ProblemType.INVALID_PRECONDITION,
                field + ": the field must be * or a list of entity tags such as \"1\".").exception();
    }

    /** Whether If-Match holds for what has this strong tag: a weak one matches nothing. */
    boolean matchStrong(String current) {
        return this == ANY || tags.contains(current);
    }

    /** Whether If-None-Match names what has this strong tag. */
    boolean matchWeak(String current) {
        return this == ANY || tags.contains(current) || tags.contains("W/" + current);
    }
}
