DROP INDEX ums_journal_recorded;
