DROP INDEX ums_journal_user_type;
