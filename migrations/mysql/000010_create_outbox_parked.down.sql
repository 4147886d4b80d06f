DROP TABLE ums_outbox_parked;
