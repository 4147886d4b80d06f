package com.glarimy.ums.add.http;

/** The characters of header fields. */
final class HeaderText {
    private HeaderText() {}

    /** Whether there is at least one character, and none but those from ! to ~. */
    static boolean isVisibleAscii(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c <= '~');
    }

    /** Cuts off the white space that a field's value may stand in (RFC 9110, section 5.5). */
    static String trim(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isBlank(text.charAt(from))) {
            from++;
        }
        while (to > from && isBlank(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
