-- Claims and stored answers of requests with an Idempotency-Key. A row whose
-- status is NULL is a live claim; token says whose it is until expires_at.
CREATE TABLE ums_idempotency (
    principal       VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    route           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    body_hash       BINARY(32) NOT NULL,
    token           CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at      DATETIME(6) NOT NULL,
    status          SMALLINT UNSIGNED NULL,
    headers         TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    body            TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    PRIMARY KEY (principal, route, idempotency_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
