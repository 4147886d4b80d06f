-- MariaDB has no ALGORITHM clause in DROP INDEX itself.
ALTER TABLE ums_idempotency DROP INDEX ums_idempotency_expiry, ALGORITHM = INPLACE, LOCK = NONE;
