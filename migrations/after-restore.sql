-- Run in UMS's database after a backup was restored, before the services start: no number that was given out between the
-- backup and the restore is given out again. docs/operations.md tells why.
SET @outbox = (SELECT COALESCE(MAX(seq), 0) + 1000000 FROM ums_outbox);
SET @journal = (SELECT COALESCE(MAX(position), 0) + 1000000 FROM ums_journal);
SET @statement = CONCAT('ALTER TABLE ums_outbox AUTO_INCREMENT = ', @outbox);
PREPARE numbers FROM @statement;
EXECUTE numbers;
SET @statement = CONCAT('ALTER TABLE ums_journal AUTO_INCREMENT = ', @journal);
PREPARE numbers FROM @statement;
EXECUTE numbers;
DEALLOCATE PREPARE numbers;
