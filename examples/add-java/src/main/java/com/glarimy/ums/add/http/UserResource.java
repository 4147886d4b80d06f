package com.glarimy.ums.add.http;

import com.glarimy.ums.add.json.Json;
import com.glarimy.ums.add.store.AnsweredException;
import com.glarimy.ums.add.store.KeyedRequest;
import com.glarimy.ums.add.store.Writes;
import com.glarimy.ums.add.user.Documents;
import com.glarimy.ums.add.user.Draft;
import com.glarimy.ums.add.user.FaultyFieldsException;
import com.glarimy.ums.add.user.MalformedJsonException;
import com.glarimy.ums.add.user.Name;
import com.glarimy.ums.add.user.PhoneNumber;
import com.glarimy.ums.add.user.User;
import java.util.Set;

/** The three calls of the slot. Each returns its answer, or leaves by an exception that {@link Problems} knows. */
final class UserResource {
    private static final String ADD_ROUTE = "POST /user";

    private final Writes writes;

    UserResource(Writes writes) {
        this.writes = writes;
    }

    Answer add(Incoming request) throws ProblemException, MalformedJsonException, FaultyFieldsException {
        byte[] body = request.body(Set.of(MediaTypes.JSON));
        Draft draft = Documents.draft(body);
        String key = request.idempotencyKey();
        var keyed = key == null ? null : new KeyedRequest(request.principal(), ADD_ROUTE, key, Incoming.sha256(body));
        try {
            return created(writes.add(draft, keyed, user -> created(user).stored(), request.origin(), request.deadline()));
        } catch (AnsweredException e) {
            return Answer.of(e.answer()).with("Idempotent-Replayed", "true");
        }
    }

    Answer change(Incoming request, String segment) throws ProblemException, MalformedJsonException, FaultyFieldsException {
        Name name = Segments.name(segment);
        PhoneNumber phone = Documents.change(request.body(Set.of(MediaTypes.JSON, MediaTypes.MERGE_PATCH)));
        return record(200, writes.change(name, phone, request.precondition(), request.origin(), request.deadline()));
    }

    Answer remove(Incoming request, String segment) throws ProblemException {
        Name name = Segments.name(segment);
        writes.remove(name, request.precondition(), request.origin(), request.deadline());
        return Answer.of(204);
    }

    private static Answer created(User user) {
        return record(201, user).with("Location", "/user/" + Segments.encode(user.name()));
    }

    private static Answer record(int status, User user) {
        return Answer.of(status).with("Content-Type", MediaTypes.JSON).with("Etag", user.etag()).withBody(Json.record(user));
    }
}
