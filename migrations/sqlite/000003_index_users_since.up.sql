-- Search by the time of joining, in the order (since, name).
CREATE INDEX ums_users_since ON ums_users (since, name);
