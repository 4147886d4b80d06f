-- What happened to one user, of one type.
CREATE INDEX ums_journal_user_type ON ums_journal (user, type, position);
