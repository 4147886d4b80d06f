package com.glarimy.ums.add.http;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * How long requests take, in Prometheus' text format and under the name that every service has for it, so that the alerts and
 * dashboards of UMS know this one too. Safe for concurrent use.
 */
final class Metrics extends Handler.Abstract {
    private static final String NAME = "ums_http_request_duration_seconds";
    private static final double[] BOUNDS = {
        .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10,
    };
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private final Map<String, Histogram> byLabels = new ConcurrentSkipListMap<>();

    private static final class Histogram {
        private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
        private final LongAdder nanos = new LongAdder();

        Histogram() {
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = new LongAdder();
            }
        }

        void observe(long took) {
            double seconds = took / 1e9;
            int bucket = 0;
            while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
                bucket++;
            }
            buckets[bucket].increment();
            nanos.add(took);
        }
    }

    void observe(String method, int status, Duration took) {
        String labels = "service=\"add\",method=\"%s\",code=\"%d\"".formatted(METHODS.contains(method) ? method : "other", status);
        byLabels.computeIfAbsent(labels, none -> new Histogram()).observe(took.toNanos());
    }

    /** Answers /metrics, on an address of its own that no client reaches. */
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (!request.getHttpURI().getPath().equals("/metrics")) {
            return false;
        }
        response.getHeaders().put("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        response.write(true, StandardCharsets.UTF_8.encode(text()), callback);
        return true;
    }

    String text() {
        var out = new StringBuilder("# HELP " + NAME + " Time from a request's header to its answer, probes aside.\n# TYPE " + NAME
                + " histogram\n");
        byLabels.forEach((labels, histogram) -> {
            long count = 0;
            for (int i = 0; i < BOUNDS.length; i++) {
                count += histogram.buckets[i].sum();
                sample(out, "_bucket", labels + ",le=\"" + plain(BOUNDS[i]) + "\"", String.valueOf(count));
            }
            count += histogram.buckets[BOUNDS.length].sum();
            sample(out, "_bucket", labels + ",le=\"+Inf\"", String.valueOf(count));
            sample(out, "_sum", labels, String.format(Locale.ROOT, "%.9f", histogram.nanos.sum() / 1e9));
            sample(out, "_count", labels, String.valueOf(count));
        });
        return out.toString();
    }

    /** 0.0005 and 10, as the other services write the bounds, not 5.0E-4 and 10.0. */
    private static String plain(double bound) {
        return BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
    }

    private static void sample(StringBuilder out, String suffix, String labels, String value) {
        out.append(NAME).append(suffix).append('{').append(labels).append("} ").append(value).append('\n');
    }
}
