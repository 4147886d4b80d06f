-- Run in UMS's database after a backup was restored, before the services start: no number that was given out between the
-- backup and the restore is given out again. docs/operations.md tells why.
--
-- A table may be empty while its numbers are far ahead, as the outbox drops what was published long ago. So what counts is
-- the highest of the table's rows, of what others remember of them, and of the counter that the backup brought along.
--
-- MySQL would tell the counter as it was up to a day ago. MariaDB has no such cache, and reads over this line.
/*!80000 SET SESSION information_schema_stats_expiry = 0 */;
SET @outbox = 1000000 + GREATEST(
    COALESCE((SELECT MAX(seq) FROM ums_outbox), 0),
    COALESCE((SELECT MAX(sequence) FROM ums_journal), 0),
    COALESCE((SELECT MAX(walked_seq) FROM ums_journal_progress), 0),
    COALESCE((SELECT auto_increment FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = 'ums_outbox'), 0));
SET @journal = 1000000 + GREATEST(
    COALESCE((SELECT MAX(position) FROM ums_journal), 0),
    COALESCE((SELECT auto_increment FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = 'ums_journal'), 0));
SET @statement = CONCAT('ALTER TABLE ums_outbox AUTO_INCREMENT = ', @outbox);
PREPARE numbers FROM @statement;
EXECUTE numbers;
SET @statement = CONCAT('ALTER TABLE ums_journal AUTO_INCREMENT = ', @journal);
PREPARE numbers FROM @statement;
EXECUTE numbers;
DEALLOCATE PREPARE numbers;
