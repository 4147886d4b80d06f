-- What happened, in the order in which it was recorded. One process at a time
-- appends, so positions become visible in order. Every column takes whatever
-- ums_outbox holds; a read has no sequence, and a search no user either.
-- AUTOINCREMENT: a position is never given twice.
CREATE TABLE ums_journal (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL,
    source      TEXT NOT NULL,
    type        TEXT NOT NULL,
    user        TEXT NULL,
    sequence    INTEGER NULL,
    occurred_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    actor       TEXT NULL,
    request_id  TEXT NULL,
    traceparent TEXT NULL,
    data        TEXT NOT NULL,
    CONSTRAINT ums_journal_id UNIQUE (id),
    CONSTRAINT ums_journal_occurred_at_format CHECK (occurred_at GLOB '????-??-??T??:??:??.??????Z'),
    CONSTRAINT ums_journal_recorded_at_format CHECK (recorded_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
