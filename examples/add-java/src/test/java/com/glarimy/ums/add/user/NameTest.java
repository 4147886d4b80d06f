package com.glarimy.ums.add.user;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, value = {
        "KrishnaMohan|KrishnaMohan",
        "  Krishna  Mohan\t|Krishna  Mohan",
        "\u3000\u2028\u0085Krishna Rao\u00A0\u2003|Krishna Rao",
        "Jose\u0301 Nu\u0303ez|Jos\u00e9 N\u0169ez",
        "q\u0307\u0323 is in order|q\u0323\u0307 is in order",
        "\uFB01\uFF8A\u00B2 is kept|\uFB01\uFF8A\u00B2 is kept",
        "\u0958\u0958\u0958\u0958|\u0915\u093C\u0915\u093C\u0915\u093C\u0915\u093C",
        "\u0915\u094D\u200D\u0937\u0924\u094D\u0930\u093F\u092F|\u0915\u094D\u200D\u0937\u0924\u094D\u0930\u093F\u092F",
        "\u200BKrishna\u200B|\u200BKrishna\u200B",
    })
    void bringsTextToTheFormOfNames(String sent, String kept) throws InvalidValueException {
        assertEquals(kept, Name.of(sent).toString());
        assertEquals(kept, Name.of(kept).toString());
    }

    @ParameterizedTest(name = "{0} times {1}")
    @CsvSource({
        "7, K, too-short", "8, K, ''", "32, K, ''", "33, K, too-long",
        "7, \uD83D\uDE00, too-short", "32, \uD83D\uDE00, ''", "33, \uD83D\uDE00, too-long",
        "7, e\u0301, too-short", "8, e\u0301, ''", "32, e\u0301, ''", "17, q\u0302, too-long",
        "16, \u0958, ''", "17, \u0958, too-long", "20, ' ', too-short",
    })
    void countsCharacters(int times, String text, String code) {
        assertEquals(code, codeOf(text.repeat(times)));
    }

    @ParameterizedTest(name = "U+{0}")
    @ValueSource(strings = {
        "0000", "0007", "0009", "000A", "001B", "001F", "007F", "0080", "0085", "009F", "061C", "200E", "200F", "2028", "2029",
        "202A", "202E", "2066", "2069", "FDD0", "FDEF", "FEFF", "FFFE", "FFFF", "1FFFE", "10FFFF",
    })
    void refusesWhatNobodySees(String code) {
        String character = Character.toString(Integer.parseInt(code, 16));
        assertEquals("forbidden-character", codeOf("Krishna" + character + "Mohan"));
    }

    @ParameterizedTest(name = "U+{0}")
    @ValueSource(strings = {"001C", "FEFF", "0000"})
    void takesForWhiteSpaceOnlyWhatIsWhiteSpace(String code) {
        String character = Character.toString(Integer.parseInt(code, 16));
        assertEquals("forbidden-character", codeOf(character + "KrishnaMohan"));
        assertEquals("forbidden-character", codeOf("KrishnaMohan" + character));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Krishna\uD83DMohan", "Krishna\uDE00Mohan", "KrishnaMohan\uD83D"})
    void refusesHalfACharacter(String text) {
        assertEquals("encoding", codeOf(text));
    }

    private static String codeOf(String text) {
        try {
            Name.of(text);
            return "";
        } catch (InvalidValueException e) {
            return e.code();
        }
    }
}
