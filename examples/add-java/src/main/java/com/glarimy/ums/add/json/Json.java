package com.glarimy.ums.add.json;

import com.glarimy.ums.add.user.User;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes the few documents there are, without white space and with their members in order. */
public final class Json {
    private static final JsonFactory JSON = new JsonFactory();

    private Json() {}

    /** An object whose members write puts in. */
    public static String object(Consumer<JsonGenerator> write) {
        var text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            out.writeStartObject();
            write.accept(out);
            out.writeEndObject();
        }
        return text.toString();
    }

    /** The record of a user: what requests and answers carry. */
    public static String record(User user) {
        return object(out -> record(out, user));
    }

    /** The data of an event: the record, and the version that it is of. */
    public static String event(User user) {
        return object(out -> {
            record(out, user);
            out.writeNumberProperty("version", user.version());
        });
    }

    private static void record(JsonGenerator out, User user) {
        out.writeStringProperty("name", user.name().toString());
        out.writeNumberProperty("phone", user.phone().value());
        out.writeStringProperty("since", user.sinceText());
    }

    /** Header fields as they are stored with an answer: each with the list of its values. */
    public static String headers(Map<String, List<String>> headers) {
        return object(out -> headers.forEach((name, values) -> {
            out.writeArrayPropertyStart(name);
            values.forEach(out::writeString);
            out.writeEndArray();
        }));
    }

    /** Reads what {@link #headers} wrote, or another filling. */
    public static Map<String, List<String>> readHeaders(String json) {
        var headers = new LinkedHashMap<String, List<String>>();
        try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), json)) {
            in.nextToken();
            while (in.nextToken() == JsonToken.PROPERTY_NAME) {
                var values = new ArrayList<String>();
                headers.put(in.currentName(), values);
                in.nextToken();
                while (in.nextToken() == JsonToken.VALUE_STRING) {
                    values.add(in.getString());
                }
            }
        }
        return headers;
    }
}
