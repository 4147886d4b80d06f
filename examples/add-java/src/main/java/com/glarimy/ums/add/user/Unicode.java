package com.glarimy.ums.add.user;

/** The classes of characters that the contract speaks of, which are not quite those of {@link Character}. */
final class Unicode {
    private Unicode() {}

    /** Cuts off what has the property White_Space. String.strip would leave U+00A0 and U+0085, and take U+001C. */
    static String trim(String text) {
        int from = 0;
        int to = text.length(); // all white space is in the BMP: one char each
        while (from < to && isWhiteSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && isWhiteSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    /** The property White_Space, of PropList.txt of the Unicode Character Database. */
    static boolean isWhiteSpace(char c) {
        return switch (c) {
            case '\t', '\n', 0x0B, '\f', '\r', ' ', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000 -> true;
            default -> c >= 0x2000 && c <= 0x200A;
        };
    }

    /**
     * Control characters, line and paragraph separators, the byte order mark, bidirectional controls and noncharacters.
     * Zero-width joiners stay allowed, as Indic scripts need them.
     */
    static boolean isRefusedInNames(int c) {
        return Character.getType(c) == Character.CONTROL
                || c == 0x2028 || c == 0x2029 || c == 0xFEFF
                || c == 0x061C || c == 0x200E || c == 0x200F
                || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069
                || c >= 0xFDD0 && c <= 0xFDEF || (c & 0xFFFE) == 0xFFFE;
    }

    /** Whether there is half of a character, which no UTF-8 can say. */
    static boolean hasLoneSurrogate(String text) {
        return text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }
}
