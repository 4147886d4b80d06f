package com.glarimy.ums.add.store;

/**
 * Where a request came from, for the journal. Each part may be null.
 *
 * @param actor who made it, as the gateway says
 * @param traceparent its W3C Trace Context
 */
public record Origin(String actor, String requestId, String traceparent) {}
