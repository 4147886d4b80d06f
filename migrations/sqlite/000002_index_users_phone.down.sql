DROP INDEX ums_users_phone;
