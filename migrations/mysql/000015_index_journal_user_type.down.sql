-- MariaDB has no ALGORITHM clause in DROP INDEX itself.
ALTER TABLE ums_journal DROP INDEX ums_journal_user_type, ALGORITHM = INPLACE, LOCK = NONE;
