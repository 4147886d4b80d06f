package com.glarimy.ums.add.user;

/**
 * What is wrong with one part of a request.
 *
 * @param pointer a JSON pointer in its URI fragment form (RFC 6901, section 6), such as {@code #/name}
 * @param code stable: clients compare it
 * @param detail for a person
 */
public record Fault(String pointer, String code, String detail) {}
