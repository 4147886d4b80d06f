-- One row: a program that knows no migration as new as min_version must not
-- work on this schema. Older programs read it to start beside a newer schema.
CREATE TABLE ums_schema_floor (
    id          TINYINT UNSIGNED NOT NULL,
    min_version BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT ums_schema_floor_single_row CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
