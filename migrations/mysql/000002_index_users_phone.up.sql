-- Search by phone number or its prefix, in the order (phone, name).
CREATE INDEX ums_users_phone ON ums_users (phone, name) ALGORITHM = INPLACE LOCK = NONE;
