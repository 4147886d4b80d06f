DROP TABLE ums_users;
