// Package enginetest gives tests real servers: MySQL (or MariaDB), Redis, SQLite and Apache Kafka.
//
// A server comes from the first of these that works, and the choice is printed on standard error, with the product and
// its version, once per process:
//
//  1. TEST_DATABASE_URL or TEST_REDIS_URL
//  2. Docker: mysql:9.7, redis:8.0
//  3. mysqld or mariadbd, redis-server of this machine, run privately
//  4. on Debian, as root: the same after apt-get install
//
// Kafka is that of TEST_KAFKA_URL, or a broker of Apache's artifacts, downloaded once, on this machine's Java.
//
// If none works the test is skipped with the reason of each, or fails if REQUIRE_ENGINES=1.
// Kafka is exempt, as not every machine has Java: without it a test is skipped whatever REQUIRE_ENGINES says.
//
// A test process starts MySQL at the first call and keeps it for its other tests. The command
//
//	go run ./shared/enginetest/cmd/engines -- go test ./...
//
// starts the servers once for the processes of all packages. Nothing has to be stopped: servers end with the process
// that started them, however it ends.
package enginetest
