package com.glarimy.ums.add.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.glarimy.ums.add.user.Name;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeadersTest {
    private static final String TAG = "\"1662976800000000-1\"";

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "\"1662976800000000-1\"|true", "*|true", "\"a,b\",\"1662976800000000-1\"|true", ", \"x\" ,, \"1662976800000000-1\" ,|true",
        "\"x\"|false", "\"*\"|false", "W/\"1662976800000000-1\"|false",
    })
    void ifMatchComparesStrongly(String field, boolean matches) throws ProblemException {
        assertEquals(matches, EntityTags.parse("If-Match", List.of(field)).matchStrong(TAG));
    }

    @Test
    void tagsMayBeSpreadOverLinesAndWeakOnesNameWhatIsThere() throws ProblemException {
        assertEquals(true, EntityTags.parse("If-Match", List.of("\"x\"", TAG)).matchStrong(TAG));
        assertEquals(true, EntityTags.parse("If-None-Match", List.of("W/" + TAG)).matchWeak(TAG));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"", ",", "x", "\"x", "W/", "w/\"x\"", "\"a\" \"b\"", "*, \"a\"", "'x'", "\"a b\""})
    void refusesWhatIsNoListOfTags(String field) {
        assertThrows(ProblemException.class, () -> EntityTags.parse("If-Match", List.of(field)));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {
        "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/json;", "application/json; profile=x",
    })
    void takesJson(String contentType) {
        assertEquals(true, MediaTypes.isOneOf(Set.of(MediaTypes.JSON), contentType));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {
        "", "application", "text/json", "application/jsonp", "application/*", "application/json, application/json",
        "application/json; charset", "application/json; charset=utf-16", "application/merge-patch+json", "application/json x",
    })
    void takesNothingElse(String contentType) {
        assertEquals(false, MediaTypes.isOneOf(Set.of(MediaTypes.JSON), contentType));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "Krishna%2FMohan, Krishna/Mohan", "Krishna%252FMohan, Krishna%2FMohan", "Krishna+Mohan, Krishna+Mohan",
        "%4b%52ishna..%2e., KRishna....", "Ren%C3%A9e%20%C3%87elik, Renée Çelik", "%F0%9F%98%80%F0%9F%98%80Krishna, 😀😀Krishna",
        "//Renée;v=1, //Renée;v=1",
    })
    void decodesASegmentOnce(String segment, String name) throws ProblemException {
        assertEquals(name, Segments.name(segment).toString());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {
        "%zzKrishna", "Krishna%", "Krishna%2", "Krishna%E9Mohan", "Krishna%C0%AFMohan", "Krishna%ED%A0%BD", "Krishna%F0%9F%98",
        "Krishna%00Mohan", "short", "%2E%2E",
    })
    void refusesSegmentsThatAreNoName(String segment) {
        var e = assertThrows(ProblemException.class, () -> Segments.name(segment));
        assertEquals(ProblemType.INVALID_NAME, e.problem().type());
    }

    @Test
    void encodesANameAsOneSegment() throws Exception {
        assertEquals("a%2Fb%20%25%3F%23%C3%A9~-._", Segments.encode(Name.of("a/b %?#é~-._")));
        assertEquals("/user/%zz%20%C3%A9", Segments.escape("/user/%zz é"));
    }
}
