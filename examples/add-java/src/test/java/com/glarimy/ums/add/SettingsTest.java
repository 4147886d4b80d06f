package com.glarimy.ums.add;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static final String URL = "mysql://rao:s3cret@tcp(db:3306)/ums";

    @Test
    void hasTheDefaultsOfTheOtherServices() {
        Settings settings = Settings.of(Map.of("DATABASE_URL", URL, "ADDR", ""));
        assertEquals(8080, settings.address().getPort());
        assertTrue(settings.address().getAddress().isAnyLocalAddress());
        assertEquals(32, settings.connections());
        assertEquals(Duration.ZERO, settings.shutdownDelay());
        assertEquals(Duration.ofSeconds(20), settings.shutdownTimeout());
    }

    @Test
    void takesSecretsFromFiles(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("database_url"), URL + "\n");
        assertEquals(URL, Settings.of(Map.of("DATABASE_URL_FILE", file.toString())).databaseUrl());
    }

    @Test
    void takesAVariableOrItsFileAndNotBoth() {
        var e = assertThrows(IllegalArgumentException.class,
                () -> Settings.of(Map.of("DATABASE_URL", URL, "DATABASE_URL_FILE", "/nowhere")));
        assertEquals("DATABASE_URL and DATABASE_URL_FILE are both set: keep one of them", e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1h, 3600000", "0s, 0", "15s, 15000", "500ms, 500", "1m30s, 90000", "1.5s, 1500"})
    void readsDurations(String text, long millis) {
        assertEquals(millis, Durations.parse("SHUTDOWN_DELAY", text).toMillis());
    }

    @ParameterizedTest
    @CsvSource({"SHUTDOWN_DELAY, 15", "SHUTDOWN_TIMEOUT, soon", "ADDR, localhost", "ADDR, :99999", "DATABASE_MAX_CONNECTIONS, 0",
        "DATABASE_PASSWORD_FILE, /nowhere"})
    void saysWhichVariableIsWrong(String name, String value) {
        var e = assertThrows(IllegalArgumentException.class, () -> Settings.of(Map.of("DATABASE_URL", URL, name, value)));
        assertTrue(e.getMessage().contains(name), e.getMessage());
    }
}
