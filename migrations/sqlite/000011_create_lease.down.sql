DROP TABLE ums_lease;
