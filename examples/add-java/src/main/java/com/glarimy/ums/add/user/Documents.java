package com.glarimy.ums.add.user;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the documents that clients send, strictly: exactly the fields there are, each once, of exactly their types, in
 * UTF-8 that is valid to the last escape. A data binding would let some of that pass, and tell one fault at a time.
 */
public final class Documents {
    private static final String NOT_JSON = "this is not JSON";
    private static final String SERVER_SETS_IT = "it is set by the server";

    // A body is so short that there may be numbers of any length in it, and arrays of any depth.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE)
                    .maxNestingDepth(Integer.MAX_VALUE).build())
            .build();

    private Documents() {}

    /** Reads {@code {"name": …, "phone": …}}. */
    public static Draft draft(byte[] document) throws MalformedJsonException, FaultyFieldsException {
        var name = Field.required("name", Documents::name);
        var phone = Field.required("phone", Documents::phone);
        read(document, List.of(name, phone, Field.readOnly("since", SERVER_SETS_IT)));
        return new Draft(name.value(), phone.value());
    }

    /** Reads {@code {"phone": …}}, a JSON Merge Patch (RFC 7396) restricted to what can change. */
    public static PhoneNumber change(byte[] document) throws MalformedJsonException, FaultyFieldsException {
        var phone = Field.required("phone", Documents::phone);
        read(document, List.of(phone, Field.readOnly("name", "a user's name never changes"),
                Field.readOnly("since", SERVER_SETS_IT)));
        return phone.value();
    }

    private static void read(byte[] document, List<Field<?>> fields) throws MalformedJsonException, FaultyFieldsException {
        String text = decode(document);
        var faults = new Faults();
        try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), text)) {
            try {
                readObject(in, fields, faults, text);
            } catch (UnexpectedEndOfInputException e) {
                throw new MalformedJsonException(document.length, "the document ends too early");
            } catch (JacksonException e) {
                throw new MalformedJsonException(offset(in, text), NOT_JSON);
            }
        }
        fields.forEach(field -> field.end(faults));
        faults.throwIfAny();
    }

    /** Decodes UTF-8 by the book: a parser of bytes would mend some of what is wrong with it, or not see it. */
    private static String decode(byte[] document) throws MalformedJsonException {
        var bytes = ByteBuffer.wrap(document);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedJsonException(bytes.position(), "the text is not valid UTF-8");
        }
    }

    private static void readObject(JsonParser in, List<Field<?>> fields, Faults faults, String text)
            throws MalformedJsonException {
        JsonToken first = in.nextToken();
        if (first == null) {
            throw new MalformedJsonException(text.length(), "the document ends too early");
        }
        if (first != JsonToken.START_OBJECT) {
            throw new MalformedJsonException(0, "the document must be one JSON object");
        }
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName();
            checkText(in, text);
            JsonToken token = in.nextToken();
            Field.of(key, fields).read(token, in, faults);
            skipValue(in, token, text);
        }
        if (in.nextToken() != null) {
            throw new MalformedJsonException(offset(in, text), "there is more after the JSON object");
        }
    }

    /** Goes to the value's end. What nobody asked for must be well-formed nevertheless. */
    private static void skipValue(JsonParser in, JsonToken first, String text) throws MalformedJsonException {
        checkText(in, text);
        for (int depth = depthOf(first); depth > 0; depth += depthOf(in.currentToken())) {
            in.nextToken();
            checkText(in, text);
        }
    }

    private static int depthOf(JsonToken token) {
        return token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
    }

    /** Refuses escaped halves of a character (RFC 7493, section 2.1), which the parser lets pass. */
    private static void checkText(JsonParser in, String text) throws MalformedJsonException {
        JsonToken token = in.currentToken();
        if ((token == JsonToken.VALUE_STRING || token == JsonToken.PROPERTY_NAME)
                && Unicode.hasLoneSurrogate(in.getString())) {
            throw new MalformedJsonException(offset(in, text), "a surrogate lacks its other half");
        }
    }

    /** Bytes before where the parser is. */
    private static long offset(JsonParser in, String text) {
        int chars = (int) Math.min(Math.max(in.currentLocation().getCharOffset(), 0), text.length());
        return text.substring(0, chars).getBytes(StandardCharsets.UTF_8).length;
    }

    private static Name name(JsonToken token, JsonParser in) throws InvalidValueException {
        if (token != JsonToken.VALUE_STRING) {
            throw new InvalidValueException("type", "the name must be a string, not " + describe(token));
        }
        return Name.of(in.getString());
    }

    private static PhoneNumber phone(JsonToken token, JsonParser in) throws InvalidValueException {
        if (!token.isNumeric()) {
            throw new InvalidValueException("type", "the phone number must be a number, not " + describe(token));
        }
        return PhoneNumber.ofLiteral(in.getString());
    }

    private static String describe(JsonToken token) {
        return switch (token) {
            case VALUE_NULL -> "null";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_STRING -> "a string";
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            default -> "a number";
        };
    }
}
