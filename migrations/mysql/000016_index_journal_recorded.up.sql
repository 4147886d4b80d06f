-- Where in the journal a moment lies: recorded_at never falls as position grows.
CREATE INDEX ums_journal_recorded ON ums_journal (recorded_at, position) ALGORITHM = INPLACE LOCK = NONE;
