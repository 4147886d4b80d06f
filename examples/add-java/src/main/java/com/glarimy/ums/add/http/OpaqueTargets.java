package com.glarimy.ums.add.http;

import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Keeps Jetty from making anything of the percent signs in a path. No setting has it take %00 or %zz: it refuses them before
 * there is a request, so that nobody could say what is wrong with which name. So it is shown percent signs that mean
 * themselves, and {@link #path} takes that back.
 */
final class OpaqueTargets extends HttpConnectionFactory {
    OpaqueTargets(HttpConfiguration configuration) {
        super(configuration);
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        var connection = new HttpConnection(getHttpConfiguration(), connector, endPoint) {
            @Override
            protected HttpStreamOverHTTP1 newHttpStream(String method, String target, HttpVersion version) {
                return super.newHttpStream(method, target.replace("%", "%25"), version);
            }
        };
        return configure(connection, connector, endPoint);
    }

    /** The path as it was sent, without the query. */
    static String path(Request request) {
        String path = request.getHttpURI().getPath();
        return path == null ? "" : path.replace("%25", "%");
    }
}
