-- What happened to one user.
CREATE INDEX ums_journal_user ON ums_journal (user, position) ALGORITHM = INPLACE LOCK = NONE;
