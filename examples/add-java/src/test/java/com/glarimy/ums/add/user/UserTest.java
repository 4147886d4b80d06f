package com.glarimy.ums.add.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.glarimy.ums.add.json.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UserTest {
    @ParameterizedTest
    @CsvSource({
        "2022-09-12T10:00:00Z, 2022-09-12T10:00:00Z, 1662976800000000",
        "2022-09-12T10:00:00.5Z, 2022-09-12T10:00:00.500000Z, 1662976800500000",
        "2022-09-12T10:00:00.000001999Z, 2022-09-12T10:00:00.000001Z, 1662976800000001",
        "2022-09-12T10:00:00.000000999Z, 2022-09-12T10:00:00Z, 1662976800000000",
    })
    void sinceIsCutToMicroseconds(Instant now, String since, String micros) throws InvalidValueException {
        User user = joining(now);
        assertEquals(since, user.sinceText());
        assertEquals("\"" + micros + "-1\"", user.etag());
    }

    @Test
    void writesTheRecordAndTheEvent() throws InvalidValueException {
        User user = joining(Instant.parse("2022-09-12T10:00:00Z"));
        assertEquals("{\"name\":\"Krishna Renée\",\"phone\":9731423166,\"since\":\"2022-09-12T10:00:00Z\"}", Json.record(user));
        User changed = user.withPhone(PhoneNumber.of(9731423177L));
        assertEquals("{\"name\":\"Krishna Renée\",\"phone\":9731423177,\"since\":\"2022-09-12T10:00:00Z\",\"version\":2}",
                Json.event(changed));
        assertNotEquals(user.etag(), changed.etag());
    }

    @Test
    void readsTheHeadersThatAnyFillingStored() {
        var headers = new LinkedHashMap<String, List<String>>();
        headers.put("Etag", List.of("\"1-1\""));
        headers.put("Content-Type", List.of("application/json", "x"));
        String stored = "{\"Etag\":[\"\\\"1-1\\\"\"],\"Content-Type\":[\"application/json\",\"x\"]}";
        assertEquals(stored, Json.headers(headers));
        assertEquals(headers, Json.readHeaders(stored));
    }

    @Test
    void aPhoneNumberDoesNotTellItself() throws InvalidValueException {
        assertEquals("[phone number]", PhoneNumber.of(9731423166L).toString());
    }

    private static User joining(Instant now) throws InvalidValueException {
        return User.joining(new Draft(Name.of("Krishna Renée"), PhoneNumber.of(9731423166L)), now);
    }
}
