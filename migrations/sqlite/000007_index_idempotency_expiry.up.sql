-- The sweep removes the rows that have expired.
CREATE INDEX ums_idempotency_expiry ON ums_idempotency (expires_at);
