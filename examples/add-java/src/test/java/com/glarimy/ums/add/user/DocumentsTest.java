package com.glarimy.ums.add.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentsTest {
    private static final String GOOD = "{\"name\":\"KrishnaMohan\",\"phone\":9731423166}";
    private static final String OPEN = GOOD.substring(0, GOOD.length() - 1);

    @Test
    void readsADraftHoweverItIsSpelled() throws Exception {
        Draft draft = Documents.draft(bytes("\r\n\t { \"\\u0070hone\" :\t9731423166 ,\n \"name\" : \"Krishna\\/\\ud83d\\uDE00\" } \n "));
        assertEquals("Krishna/\uD83D\uDE00", draft.name().toString());
        assertEquals(9731423166L, draft.phone().value());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(quoteCharacter = '`', value = {
        "`\"9731423166\"`, type", "null, type", "true, type", "[9731423166], type", "`{\"phone\":9731423166}`, type",
        "9731423166.5, not-integer", "9000000000.0, not-integer", "9e9, not-integer", "1e400, not-integer",
        "-9731423166, too-small", "-9223372036854775808, too-small", "-0, too-small", "0, too-small", "8999999999, too-small",
        "1000000000000000, too-large", "9223372036854775808, too-large", "18446744083440974782, too-large",
    })
    void judgesPhoneNumbers(String literal, String code) {
        assertEquals("#/phone " + code, faults("{\"name\":\"KrishnaMohan\",\"phone\":" + literal + "}"));
    }

    @Test
    void takesTheBoundsOfPhoneNumbers() throws Exception {
        assertEquals(9_000_000_000L, Documents.change(bytes("{\"phone\":9000000000}")).value());
        assertEquals(999_999_999_999_999L, Documents.change(bytes("{\"phone\":999999999999999}")).value());
        assertEquals("#/phone too-large", faults("{\"name\":\"KrishnaMohan\",\"phone\":" + "9".repeat(5000) + "}"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{}|#/name required, #/phone required",
        "{\"name\":\"x\",\"phone\":\"9\"}|#/name too-short, #/phone type",
        "{\"name\":7,\"phone\":9731423166}|#/name type",
        "{\"since\":null,\"name\":\"K\",\"x\":0,\"phone\":1}|#/since read-only, #/name too-short, #/x unknown-field, #/phone too-small",
        "{\"name\":\"KrishnaMohan\",\"phone\":9731423166,\"n\\u0061me\":1}|#/name duplicate-field",
        "{\"Name\":\"KrishnaMohan\",\"phone\":9731423166}|#/Name unknown-field, #/name required",
        "{\"name\":\"KrishnaMohan\",\"phone\":9731423166,\"a/b~c \":[{\"x\":[]}]}|#/a~1b~0c%20 unknown-field",
        "{\"name\":\"KrishnaMohan\",\"phone\":9731423166,\"\":1}|#/ unknown-field",
    })
    void tellsAllFaultsInTheirOrder(String document, String want) {
        assertEquals(want, faults(document));
    }

    @Test
    void tellsAtMostSixteenFaults() {
        String many = Stream.iterate(0, i -> i + 1).limit(40).map(i -> "\"x" + i + "\":0").collect(Collectors.joining(","));
        assertEquals(16, faults("{" + many + "}").split(",").length);
    }

    @Test
    void aChangeIsOfThePhoneNumberAlone() {
        var e = assertThrows(FaultyFieldsException.class, () -> Documents.change(bytes(GOOD)));
        assertEquals("read-only", e.faults().get(0).code());
    }

    static Stream<String> malformed() {
        return Stream.of("", " \n", "null", "7", "\"x\"", "[" + GOOD + "]", OPEN, OPEN + ",}", GOOD + "}", GOOD + "x", GOOD + GOOD,
                GOOD + "\0", "{'name':'KrishnaMohan'}", "{name:1}", OPEN + "/**/}", OPEN + ",\"x\":\"\t\"}", OPEN + ",\"x\":\"\\x41\"}",
                OPEN + ",\"x\":\"\\ud83d\"}", OPEN + ",\"x\":[\"\\ude00\\ud83d\"]}", OPEN + ",\"\\ud83d\":0}", "\uFEFF" + GOOD,
                "{\"name\":\"KrishnaMohan\",\"phone\":09731423166}", "{\"name\":\"KrishnaMohan\",\"phone\":+9}",
                "{\"name\":\"KrishnaMohan\",\"phone\":NaN}", "{\"name\":\"KrishnaMohan\",\"phone\":1.}", "[".repeat(10_000));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void refusesWhatIsNotOneObject(String document) {
        assertThrows(MalformedJsonException.class, () -> Documents.draft(bytes(document)));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"\u0080", "\u00E9", "\u00C0\u00AF", "\u00ED\u00A0\u00BD", "\u00F4\u0090\u0080\u0080", "\u00F0\u009F\u0098"})
    void refusesInvalidUtf8(String latin1) {
        byte[] document = OPEN.concat(",\"x\":\"" + latin1 + "\"}").getBytes(StandardCharsets.ISO_8859_1);
        var e = assertThrows(MalformedJsonException.class, () -> Documents.draft(document));
        assertTrue(e.getMessage().contains("at byte " + (OPEN.length() + 6)), e.getMessage());
    }

    @Test
    void tellsTheByteAndNotTheCharacter() {
        var e = assertThrows(MalformedJsonException.class, () -> Documents.draft(bytes("{\"name\":\"\u00E9\u00E9\",}")));
        assertTrue(e.getMessage().contains("at byte 15") || e.getMessage().contains("at byte 16"), e.getMessage());
    }

    private static String faults(String document) {
        var e = assertThrows(FaultyFieldsException.class, () -> Documents.draft(bytes(document)));
        return e.faults().stream().map(f -> f.pointer() + " " + f.code()).collect(Collectors.joining(", "));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
