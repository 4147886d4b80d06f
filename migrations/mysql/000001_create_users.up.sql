-- The users. The CHECKs repeat the bounds of the domain (shared/user), so that
-- no other program can store what the services would refuse to read.
-- The first three columns keep this order: clients read SELECT * by position.
CREATE TABLE ums_users (
    name    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    phone   BIGINT UNSIGNED NOT NULL,
    since   DATETIME(6) NOT NULL,
    version BIGINT UNSIGNED NOT NULL DEFAULT 1,
    PRIMARY KEY (name),
    CONSTRAINT ums_users_name_length CHECK (CHAR_LENGTH(name) BETWEEN 8 AND 32),
    CONSTRAINT ums_users_phone_range CHECK (phone BETWEEN 9000000000 AND 999999999999999),
    CONSTRAINT ums_users_version_positive CHECK (version >= 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
