-- What happened, in the order in which it was recorded. One process at a time
-- appends, so positions become visible in order. Every column takes whatever
-- ums_outbox holds; a read has no sequence, and a search no user either.
CREATE TABLE ums_journal (
    position    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    id          CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    source      VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type        VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    sequence    BIGINT UNSIGNED NULL,
    occurred_at DATETIME(6) NOT NULL,
    recorded_at DATETIME(6) NOT NULL,
    actor       VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    request_id  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    traceparent VARCHAR(55) CHARACTER SET ascii COLLATE ascii_bin NULL,
    data        MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (position),
    CONSTRAINT ums_journal_id UNIQUE (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
