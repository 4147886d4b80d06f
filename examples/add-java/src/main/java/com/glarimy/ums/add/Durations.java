package com.glarimy.ums.add;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Pattern;

/** Durations as the other services write them: 15s, 1m30s, 500ms. */
final class Durations {
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)");

    private Durations() {}

    static Duration parse(String variable, String text) {
        var part = PART.matcher(text);
        Duration sum = Duration.ZERO;
        int at = 0;
        while (at < text.length() && !text.equals("0")) {
            part.region(at, text.length());
            if (!part.lookingAt()) {
                throw new IllegalArgumentException(variable + " must be a duration such as 15s: " + text);
            }
            long unit = switch (part.group(2)) {
                case "ms" -> 1;
                case "s" -> 1_000;
                case "m" -> 60_000;
                default -> 3_600_000;
            };
            sum = sum.plusMillis(new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(unit)).longValue());
            at = part.end();
        }
        return sum;
    }
}
