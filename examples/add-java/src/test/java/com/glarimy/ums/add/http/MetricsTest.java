package com.glarimy.ums.add.http;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MetricsTest {
    @Test
    void countsInBucketsThatAddUp() {
        var metrics = new Metrics();
        metrics.observe("POST", 201, Duration.ofMillis(1));
        metrics.observe("POST", 201, Duration.ofMillis(70));
        metrics.observe("POST", 201, Duration.ofSeconds(60));
        metrics.observe("CONFORM", 405, Duration.ofMillis(1));
        String text = metrics.text();
        String post = "{service=\"add\",method=\"POST\",code=\"201\"";
        for (String line : new String[] {
            "_bucket" + post + ",le=\"0.0005\"} 0", "_bucket" + post + ",le=\"0.001\"} 1", "_bucket" + post + ",le=\"0.1\"} 2",
            "_bucket" + post + ",le=\"10\"} 2", "_bucket" + post + ",le=\"+Inf\"} 3", "_count" + post + "} 3",
            "_sum" + post + "} 60.071", "_count{service=\"add\",method=\"other\",code=\"405\"} 1",
        }) {
            assertTrue(text.contains("ums_http_request_duration_seconds" + line), line + " is not in\n" + text);
        }
    }
}
