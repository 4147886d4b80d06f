-- Claims and stored answers of requests with an Idempotency-Key. A row whose
-- status is NULL is a live claim; token says whose it is until expires_at.
CREATE TABLE ums_idempotency (
    principal       TEXT NOT NULL,
    route           TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash       BLOB NOT NULL,
    token           TEXT NOT NULL,
    expires_at      TEXT NOT NULL,
    status          INTEGER NULL,
    headers         TEXT NULL,
    body            TEXT NULL,
    PRIMARY KEY (principal, route, idempotency_key),
    CONSTRAINT ums_idempotency_body_hash_length CHECK (length(body_hash) = 32),
    CONSTRAINT ums_idempotency_expires_at_format CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
