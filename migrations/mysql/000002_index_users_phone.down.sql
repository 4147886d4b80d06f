-- MariaDB has no ALGORITHM clause in DROP INDEX itself.
ALTER TABLE ums_users DROP INDEX ums_users_phone, ALGORITHM = INPLACE, LOCK = NONE;
