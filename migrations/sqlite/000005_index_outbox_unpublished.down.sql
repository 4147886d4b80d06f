DROP INDEX ums_outbox_unpublished;
