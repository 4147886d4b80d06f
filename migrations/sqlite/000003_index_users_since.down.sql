DROP INDEX ums_users_since;
