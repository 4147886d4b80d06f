-- Who does what only one process may do at a time, until when by this
-- database's own clock. A row stays after its lease has ended.
CREATE TABLE ums_lease (
    name       TEXT NOT NULL PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    CONSTRAINT ums_lease_expires_at_format CHECK (expires_at GLOB '????-??-??T??:??:??.??????Z')
) STRICT;
