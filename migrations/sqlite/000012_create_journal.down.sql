DROP TABLE ums_journal;
