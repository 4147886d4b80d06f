-- Services need everything up to here.
INSERT INTO ums_schema_floor (id, min_version) VALUES (1, 9);
