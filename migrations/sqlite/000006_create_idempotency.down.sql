DROP TABLE ums_idempotency;
