package com.glarimy.ums.add.http;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes requests by the path as it was sent: a segment is one opaque, percent-encoded text, nothing is cleaned and nobody
 * is redirected.
 */
final class Front extends Handler.Abstract {
    private static final Logger LOG = LoggerFactory.getLogger(Front.class);
    private static final String USERS = "/user";
    private static final String USER = "/user/";
    private static final List<String> READS = List.of("GET", "HEAD");

    /** What the process is at: it may wait for its schema, serve, or be about to stop. */
    enum State { WAITING, SERVING, STOPPING }

    private final UserResource users;
    private final Document document;
    private final Metrics metrics;
    private final Supplier<State> state;

    Front(UserResource users, Document document, Metrics metrics, Supplier<State> state) {
        this.users = users;
        this.document = document;
        this.metrics = metrics;
        this.state = state;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String id = RequestIds.of(request.getHeaders());
        response.getHeaders().put(RequestIds.HEADER, id);
        if (state.get() == State.STOPPING) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        long begun = System.nanoTime();
        Answer answer = answer(request, id);
        if (!isProbe(OpaqueTargets.path(request))) {
            metrics.observe(request.getMethod(), answer.status(), Duration.ofNanos(System.nanoTime() - begun));
        }
        answer.write(response, callback);
        return true;
    }

    private Answer answer(Request request, String id) {
        try {
            return route(request, new Incoming(request, id));
        } catch (Exception e) {
            Problem problem = Problems.of(e);
            if (problem.type().status() >= 500 && !(e instanceof ProblemException)) {
                LOG.atError().addKeyValue("request_id", id).addKeyValue("status", problem.type().status()).setCause(e)
                        .log("request failed");
            }
            return problem.answer(id, Segments.escape(OpaqueTargets.path(request)));
        }
    }

    private static boolean isProbe(String path) {
        return path.equals("/livez") || path.equals("/readyz");
    }

    private Answer route(Request request, Incoming incoming) throws Exception {
        String path = OpaqueTargets.path(request);
        String method = request.getMethod();
        switch (path) {
            case "/livez":
                allow(method, READS);
                return healthy();
            case "/readyz":
                allow(method, READS);
                requireReady();
                return healthy();
            case "/openapi.yaml":
                allow(method, READS);
                return document.answer(request.getHeaders());
            case USERS:
                allow(method, List.of("POST"));
                requireSchema();
                return users.add(incoming);
            default:
                return routeUser(method, path, incoming);
        }
    }

    private Answer routeUser(String method, String path, Incoming incoming) throws Exception {
        if (!path.startsWith(USER) || path.length() == USER.length() || path.indexOf('/', USER.length()) >= 0) {
            throw Problems.routeNotFound().exception();
        }
        allow(method, List.of("PATCH", "DELETE"));
        requireSchema();
        String segment = path.substring(USER.length());
        return method.equals("PATCH") ? users.change(incoming, segment) : users.remove(incoming, segment);
    }

    private static void allow(String method, List<String> methods) throws ProblemException {
        if (!methods.contains(method)) {
            throw Problems.methodNotAllowed(methods).exception();
        }
    }

    private void requireReady() throws ProblemException {
        if (state.get() != State.SERVING) {
            throw Problems.unavailable("The service is not ready, or is stopping; its log says what it waits for.").exception();
        }
    }

    /** Not everybody asks for readiness first, and nobody may touch a schema that is not known. */
    private void requireSchema() throws ProblemException {
        if (state.get() == State.WAITING) {
            throw Problems.unavailable("The service is not ready yet. Try again in a moment.").exception();
        }
    }

    private static Answer healthy() {
        return Answer.of(200).with("Cache-Control", "no-store").with("Content-Type", MediaTypes.JSON)
                .withBody("{\"status\":\"ok\"}\n");
    }
}
