-- What happened, written in the transaction that changes the user; the relay
-- publishes the rows in the order of seq. Column names are Debezium's.
-- payload is text: MySQL's JSON type would reorder its bytes.
CREATE TABLE ums_outbox (
    seq           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    id            CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    aggregatetype VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    aggregateid   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    type          VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payload       MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    actor         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    request_id    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    traceparent   VARCHAR(55) CHARACTER SET ascii COLLATE ascii_bin NULL,
    occurred_at   DATETIME(6) NOT NULL,
    published_at  DATETIME(6) NULL,
    PRIMARY KEY (seq),
    CONSTRAINT ums_outbox_id UNIQUE (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
