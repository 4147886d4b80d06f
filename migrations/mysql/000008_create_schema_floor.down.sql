DROP TABLE ums_schema_floor;
