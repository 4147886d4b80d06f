package com.glarimy.ums.add.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreTest {
    @Test
    void readsTheUrlThatAllOfUmsReads() {
        var url = DatabaseUrl.parse("mysql://ra%40o:s%2F3%3Acret@tcp(db.example:3307)/glarimy?tls=true&x-lock=1&parseTime=true", "");
        assertEquals("ra@o", url.user());
        assertEquals("s/3:cret", url.password());
        assertTrue(url.jdbc().startsWith("jdbc:mariadb://db.example:3307/glarimy?"), url.jdbc());
        assertTrue(url.jdbc().contains("sslMode=verify-full"), url.jdbc());
        assertFalse(url.jdbc().contains("cret"), url.jdbc());
        assertEquals("other", DatabaseUrl.parse("mysql://rao:s3cret@tcp(db:3306)/ums", "other").password());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "sqlite://ums.db", "mysql://rao:s3cret@db:3306/ums", "mysql://rao:s3cret@tcp(db:3306)/", "mysql://rao:s3cret%zz@tcp(db)/ums",
    })
    void refusesOtherUrlsWithoutTellingThePassword(String text) {
        var e = assertThrows(IllegalArgumentException.class, () -> DatabaseUrl.parse(text, ""));
        assertFalse(e.getMessage().contains("s3cret"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "1213, 40001, CONTENTION", "1205, HY000, CONTENTION", "1040, 08004, UNAVAILABLE", "0, 08000, UNAVAILABLE",
        "1290, HY000, UNAVAILABLE", "1054, 42S22, INTERNAL", "3819, HY000, INTERNAL",
    })
    void tellsErrorsApart(int number, String state, StoreException.Kind kind) {
        assertEquals(kind, SqlErrors.kindOf(new SQLException("x", state, number)));
    }

    @ParameterizedTest
    @CsvSource({
        "17, false, 9, true", "7, false, 7, true", "6, false, 0, false", "0, false, 0, false", "17, true, 9, false",
        "99, false, 9, true", "99, false, 99, false", "99, false, 0, false",
    })
    void opensOnASchemaThatItKnows(long version, boolean dirty, long floor, boolean open) {
        assertEquals(open, SchemaGate.judge(version, dirty, floor).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({
        "answered, 1, same, answered", "answered, 1, other, KEY_REUSED", "answered, 0, same, replaced", "answered, 0, other, replaced",
        "claimed, 1, same, KEY_IN_USE", "claimed, 1, other, KEY_REUSED", "claimed, 0, same, replaced", "claimed, 0, other, replaced",
    })
    void decidesOnAKeyThatIsTaken(String row, int secondsLeft, String body, String outcome) {
        var now = Instant.parse("2022-09-12T10:00:00Z");
        var answer = row.equals("answered") ? new StoredAnswer(201, Map.of(), "{}") : null;
        var found = new IdempotencyKeys.Row("same".getBytes(UTF_8), now.plusSeconds(secondsLeft), answer);
        assertEquals(outcome, outcome(() -> found.yieldTo(body.getBytes(UTF_8), now)));
    }

    private static String outcome(Runnable decision) {
        try {
            decision.run();
            return "replaced";
        } catch (AnsweredException e) {
            return "answered";
        } catch (Refusal e) {
            return e.reason().name();
        }
    }

    @Test
    void idsOfEventsGrowWithTime() {
        var at = Instant.parse("2022-09-12T10:00:00.123Z");
        var id = EventIds.next(at);
        assertEquals(7, id.version());
        assertEquals(2, id.variant());
        assertEquals(at.toEpochMilli(), id.getMostSignificantBits() >>> 16);
    }
}
