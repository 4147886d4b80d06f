DROP TABLE ums_outbox;
