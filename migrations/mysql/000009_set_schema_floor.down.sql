DELETE FROM ums_schema_floor WHERE id = 1;
