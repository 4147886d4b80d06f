-- The users. The CHECKs repeat the bounds of the domain (shared/user), so that
-- no other program can store what the services would refuse to read.
-- The first three columns keep this order: clients read SELECT * by position.
-- since is text of one fixed width, so that its order is the order of time.
CREATE TABLE ums_users (
    name    TEXT NOT NULL,
    phone   INTEGER NOT NULL,
    since   TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (name),
    CONSTRAINT ums_users_name_length CHECK (length(name) BETWEEN 8 AND 32),
    CONSTRAINT ums_users_phone_range CHECK (phone BETWEEN 9000000000 AND 999999999999999),
    CONSTRAINT ums_users_since_format CHECK (since GLOB '????-??-??T??:??:??.??????Z'),
    CONSTRAINT ums_users_version_positive CHECK (version >= 1)
) STRICT, WITHOUT ROWID;
