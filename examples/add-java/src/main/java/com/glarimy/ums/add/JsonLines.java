package com.glarimy.ums.add;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.glarimy.ums.add.json.Json;
import java.nio.charset.StandardCharsets;

/** Writes the log as the other services do: one JSON object a line, the keys of the event beside its message. */
public final class JsonLines extends EncoderBase<ILoggingEvent> {
    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = Json.object(out -> {
            out.writeStringProperty("time", event.getInstant().toString());
            out.writeStringProperty("level", event.getLevel().toString());
            out.writeStringProperty("msg", event.getFormattedMessage());
            out.writeStringProperty("service", "add");
            out.writeStringProperty("logger", event.getLoggerName());
            if (event.getKeyValuePairs() != null) {
                event.getKeyValuePairs().forEach(pair -> out.writeStringProperty(pair.key, String.valueOf(pair.value)));
            }
            if (event.getThrowableProxy() != null) {
                out.writeStringProperty("error", ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
        });
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
