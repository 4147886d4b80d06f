-- How far the journal has the outbox: all rows up to walked_seq, but those in
-- gaps, whose transactions had not committed when they were looked for. It
-- changes in the transactions that append, so it never says too much.
CREATE TABLE ums_journal_progress (
    id         INTEGER NOT NULL PRIMARY KEY,
    walked_seq INTEGER NOT NULL,
    gaps       TEXT NOT NULL,
    CONSTRAINT ums_journal_progress_single_row CHECK (id = 1),
    CONSTRAINT ums_journal_progress_walked_seq_unsigned CHECK (walked_seq >= 0)
) STRICT;
