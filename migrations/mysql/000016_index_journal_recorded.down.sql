-- MariaDB has no ALGORITHM clause in DROP INDEX itself.
ALTER TABLE ums_journal DROP INDEX ums_journal_recorded, ALGORITHM = INPLACE, LOCK = NONE;
