-- What happened of one type.
CREATE INDEX ums_journal_type ON ums_journal (type, position);
