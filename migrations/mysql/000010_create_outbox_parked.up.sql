-- Users with an event that the bus refused: their events wait until
-- next_attempt_at, so that one user's trouble is nobody else's.
CREATE TABLE ums_outbox_parked (
    aggregateid     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    attempts        INT UNSIGNED NOT NULL,
    next_attempt_at DATETIME(6) NOT NULL,
    last_error      VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (aggregateid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
