-- How far the journal has the outbox: all rows up to walked_seq, but those in
-- gaps, whose transactions had not committed when they were looked for. It
-- changes in the transactions that append, so it never says too much.
CREATE TABLE ums_journal_progress (
    id         TINYINT NOT NULL,
    walked_seq BIGINT UNSIGNED NOT NULL,
    gaps       TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT ums_journal_progress_single_row CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
