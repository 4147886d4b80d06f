package com.glarimy.ums.add.store;

/**
 * What an idempotency key was used for.
 *
 * @param principal who sent it, in at most 191 characters
 * @param route such as {@code POST /user}
 * @param hash the SHA-256 of the body
 */
public record KeyedRequest(String principal, String route, String key, byte[] hash) {}
