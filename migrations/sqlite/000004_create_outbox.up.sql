-- What happened, written in the transaction that changes the user; the relay
-- publishes the rows in the order of seq. Column names are Debezium's.
-- AUTOINCREMENT: a seq is never given twice, even after old rows are removed.
CREATE TABLE ums_outbox (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL,
    aggregatetype TEXT NOT NULL,
    aggregateid   TEXT NOT NULL,
    type          TEXT NOT NULL,
    payload       TEXT NOT NULL,
    actor         TEXT NULL,
    request_id    TEXT NULL,
    traceparent   TEXT NULL,
    occurred_at   TEXT NOT NULL,
    published_at  TEXT NULL,
    CONSTRAINT ums_outbox_id UNIQUE (id),
    CONSTRAINT ums_outbox_occurred_at_format CHECK (occurred_at GLOB '????-??-??T??:??:??.??????Z'),
    CONSTRAINT ums_outbox_published_at_format CHECK (published_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
