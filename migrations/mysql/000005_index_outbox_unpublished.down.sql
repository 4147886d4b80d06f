-- MariaDB has no ALGORITHM clause in DROP INDEX itself.
ALTER TABLE ums_outbox DROP INDEX ums_outbox_unpublished, ALGORITHM = INPLACE, LOCK = NONE;
