package com.glarimy.ums.add.http;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Answers what the HTTP server refuses by itself, mostly what is not HTTP, in the form of every other error. */
final class Refusals implements Request.Handler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String id = response.getHeaders().get(RequestIds.HEADER);
        if (id == null) {
            id = RequestIds.next();
            response.getHeaders().put(RequestIds.HEADER, id);
        }
        if (response.getStatus() < 500) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        of(response.getStatus()).answer(id, null).write(response, callback);
        return true;
    }

    private static Problem of(int status) {
        return switch (status) {
            case 413 -> Problem.of(ProblemType.BODY_TOO_LARGE, "The body may have at most 16 KiB.");
            case 414, 431 -> Problem.of(ProblemType.HEADERS_TOO_LARGE,
                    "The request line and the header fields are too long together.");
            case 417 -> Problem.of(ProblemType.EXPECTATION_FAILED, "The only expectation that can be met is 100-continue.");
            case 501 -> Problem.of(ProblemType.UNSUPPORTED_TRANSFER_CODING, "The only transfer coding understood is chunked.");
            case 503 -> Problems.unavailable("The service is stopping. Try again in a moment.");
            case 505 -> Problem.of(ProblemType.UNSUPPORTED_HTTP_VERSION, "The versions understood are HTTP/1.0 and HTTP/1.1.");
            default -> status >= 500
                    ? Problem.of(ProblemType.INTERNAL, "The request ended in an error of the server's.")
                    : Problem.of(ProblemType.MALFORMED_REQUEST, "The message is not HTTP that the server understands.");
        };
    }
}
