-- The relay asks for the oldest rows whose published_at is NULL.
CREATE INDEX ums_outbox_unpublished ON ums_outbox (published_at, seq) ALGORITHM = INPLACE LOCK = NONE;
