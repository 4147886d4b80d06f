package com.glarimy.ums.add.http;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Content-Type (RFC 9110, section 8.3). */
final class MediaTypes {
    static final String JSON = "application/json";
    static final String MERGE_PATCH = "application/merge-patch+json"; // RFC 7396

    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern TYPE = Pattern.compile("[ \\t]*(" + TOKEN + "/" + TOKEN + ")[ \\t]*");
    private static final Pattern PARAMETER =
            Pattern.compile(";[ \\t]*(?:(" + TOKEN + ")=(" + TOKEN + "|\"(?:[^\"\\\\]|\\\\.)*\"))?[ \\t]*");

    private MediaTypes() {}

    /** Whether the field, which may be null, names one of the types, and no charset but UTF-8. */
    static boolean isOneOf(Set<String> types, String contentType) {
        if (contentType == null) {
            return false;
        }
        Matcher type = TYPE.matcher(contentType);
        if (!type.lookingAt() || !types.contains(type.group(1).toLowerCase(Locale.ROOT))) {
            return false;
        }
        Matcher parameter = PARAMETER.matcher(contentType);
        int at = type.end();
        while (at < contentType.length()) {
            parameter.region(at, contentType.length());
            if (!parameter.lookingAt() || isForeignCharset(parameter.group(1), parameter.group(2))) {
                return false;
            }
            at = parameter.end();
        }
        return true;
    }

    private static boolean isForeignCharset(String name, String value) {
        return "charset".equalsIgnoreCase(name) && !"utf-8".equalsIgnoreCase(value) && !"\"utf-8\"".equalsIgnoreCase(value);
    }
}
