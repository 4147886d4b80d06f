DROP INDEX ums_journal_type;
