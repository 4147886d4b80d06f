DROP INDEX ums_idempotency_expiry;
