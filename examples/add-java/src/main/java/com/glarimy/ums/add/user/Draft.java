package com.glarimy.ums.add.user;

/** What a client sends to add a user. */
public record Draft(Name name, PhoneNumber phone) {}
