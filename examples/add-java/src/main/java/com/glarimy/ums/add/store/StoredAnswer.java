package com.glarimy.ums.add.store;

import java.util.List;
import java.util.Map;

/** An answer as it was given, and is given again to whoever repeats the request. */
public record StoredAnswer(int status, Map<String, List<String>> headers, String body) {}
