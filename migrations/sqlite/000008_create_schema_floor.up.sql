-- One row: a program that knows no migration as new as min_version must not
-- work on this schema. Older programs read it to start beside a newer schema.
CREATE TABLE ums_schema_floor (
    id          INTEGER NOT NULL PRIMARY KEY,
    min_version INTEGER NOT NULL,
    CONSTRAINT ums_schema_floor_single_row CHECK (id = 1),
    CONSTRAINT ums_schema_floor_min_version_unsigned CHECK (min_version >= 0)
) STRICT;
