package com.glarimy.ums.add.http;

import com.glarimy.ums.add.store.Writes;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The HTTP server: Jetty's core, without servlets, whose specification forbids an encoded slash in a path. */
public final class HttpService {
    private static final int MAX_HEADER_BYTES = 32 << 10;

    /** Java's own is 50, which a gateway that opens connections for a burst overflows. */
    private static final int MAX_ACCEPT_QUEUE = 1024;

    /** Above that of the gateway's connections, so that it never meets one that is just being closed here. */
    private static final Duration IDLE_TIME = Duration.ofSeconds(120);

    private static final int ADMIN_THREADS = 8;
    private static final Duration SLOWEST_READ = Duration.ofSeconds(30);

    private final Server server;
    private final Server admin; // null for none
    private volatile boolean stopping;

    /**
     * Makes the server.
     *
     * @param adminAddress where metrics are, or null for nowhere
     * @param threads how many requests are worked on at a time
     * @param ready whether the schema has been seen
     * @param stopTime how long requests in flight may take after {@link #stop}
     */
    public HttpService(InetSocketAddress address, InetSocketAddress adminAddress, int threads, Writes writes,
            BooleanSupplier ready, Duration stopTime) {
        var metrics = new Metrics();
        var front = new Front(new UserResource(writes), Document.load(), metrics, () -> {
            if (stopping) {
                return Front.State.STOPPING;
            }
            return ready.getAsBoolean() ? Front.State.SERVING : Front.State.WAITING;
        });
        server = server(address, threads, new GracefulHandler(front));
        server.setStopTimeout(stopTime.toMillis());
        admin = adminAddress == null ? null : server(adminAddress, ADMIN_THREADS, metrics);
    }

    private static Server server(InetSocketAddress address, int threads, Handler handler) {
        var server = new Server(new QueuedThreadPool(threads));
        var connector = new ServerConnector(server, 1, 1, new OpaqueTargets(configuration()));
        if (!address.getAddress().isAnyLocalAddress()) { // without a host it is every address, of IPv6 too
            connector.setHost(address.getHostString());
        }
        connector.setPort(address.getPort());
        connector.setAcceptQueueSize(MAX_ACCEPT_QUEUE);
        connector.setIdleTimeout(IDLE_TIME.toMillis());
        server.addConnector(connector);
        server.setErrorHandler(new Refusals());
        server.setHandler(handler);
        return server;
    }

    private static HttpConfiguration configuration() {
        var configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
        configuration.setIdleTimeout(SLOWEST_READ.toMillis());
        configuration.setSendServerVersion(false);
        configuration.setHttpCompliance(HttpCompliance.RFC9110);
        // A name in a path may be any text: encoded slashes, dots and percent signs. Here nothing is made of a path but the
        // name, which is decoded and checked once, so nothing can be smuggled in by it.
        configuration.setUriCompliance(UriCompliance.UNSAFE);
        return configuration;
    }

    /** Takes the addresses and serves. */
    public void start() throws Exception {
        if (admin != null) {
            admin.start();
        }
        server.start();
    }

    /** The port where it serves. */
    public int port() {
        return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
    }

    /** Makes it unready, and has every answer end its connection, while it serves on. */
    public void drain() {
        stopping = true;
    }

    /** Takes no more requests, lets what is in flight finish, and returns. */
    public void stop() throws Exception {
        server.stop();
        if (admin != null) {
            admin.stop();
        }
    }
}
