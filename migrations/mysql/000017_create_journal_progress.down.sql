DROP TABLE ums_journal_progress;
