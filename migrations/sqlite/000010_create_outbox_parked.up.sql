-- Users with an event that the bus refused: their events wait until
-- next_attempt_at, so that one user's trouble is nobody else's.
CREATE TABLE ums_outbox_parked (
    aggregateid     TEXT NOT NULL PRIMARY KEY,
    attempts        INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    last_error      TEXT NOT NULL,
    CONSTRAINT ums_outbox_parked_attempts_unsigned CHECK (attempts >= 0),
    CONSTRAINT ums_outbox_parked_next_attempt_at_format CHECK (next_attempt_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
