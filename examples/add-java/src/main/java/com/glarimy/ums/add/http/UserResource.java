package com.glarimy.ums.add.http;

import com.glarimy.ums.add.json.Json;
import com.glarimy.ums.add.store.Deadline;
import com.glarimy.ums.add.store.IdempotencyKeys;
import com.glarimy.ums.add.store.IdempotencyKeys.Claim;
import com.glarimy.ums.add.store.KeyedRequest;
import com.glarimy.ums.add.store.StoreException;
import com.glarimy.ums.add.store.StoredAnswer;
import com.glarimy.ums.add.store.Writes;
import com.glarimy.ums.add.user.Documents;
import com.glarimy.ums.add.user.Draft;
import com.glarimy.ums.add.user.FaultyFieldsException;
import com.glarimy.ums.add.user.MalformedJsonException;
import com.glarimy.ums.add.user.Name;
import com.glarimy.ums.add.user.PhoneNumber;
import com.glarimy.ums.add.user.User;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The three calls of the slot. Each returns its answer, or leaves by an exception that {@link Problems} knows. */
final class UserResource {
    private static final Logger LOG = LoggerFactory.getLogger(UserResource.class);
    private static final String ADD_ROUTE = "POST /user";
    private static final Duration DROP_TIME = Duration.ofSeconds(4);

    private final Writes writes;
    private final IdempotencyKeys keys;

    UserResource(Writes writes, IdempotencyKeys keys) {
        this.writes = writes;
        this.keys = keys;
    }

    Answer add(Incoming request) throws ProblemException, MalformedJsonException, FaultyFieldsException {
        byte[] body = request.body(Set.of(MediaTypes.JSON));
        Draft draft = Documents.draft(body);
        String key = request.idempotencyKey();
        if (key != null) {
            return addOnce(request, draft, new KeyedRequest(request.principal(), ADD_ROUTE, key, Incoming.sha256(body)));
        }
        return created(writes.add(draft, request.origin(), request.deadline(), (connection, user) -> { }));
    }

    /** Processes a request with an idempotency key: once, however often it arrives. */
    private Answer addOnce(Incoming request, Draft draft, KeyedRequest keyed) {
        Deadline deadline = request.deadline();
        IdempotencyKeys.Beginning beginning = keys.begin(keyed, deadline);
        if (beginning.answer() != null) {
            StoredAnswer before = beginning.answer();
            return new Answer(before.status(), before.headers(), before.body()).with("Idempotent-Replayed", "true");
        }
        Claim claim = beginning.claim();
        try {
            return created(writes.add(draft, request.origin(), deadline, (connection, user) -> {
                Answer answer = created(user);
                keys.complete(connection, claim, new StoredAnswer(answer.status(), answer.headers(), answer.body()));
            }));
        } catch (RuntimeException e) {
            giveBack(claim, e);
            throw e;
        }
    }

    /** Where the outcome is unknown the answer may be stored, so the claim is left to expire. */
    private void giveBack(Claim claim, RuntimeException cause) {
        if (cause instanceof StoreException e && e.kind() == StoreException.Kind.OUTCOME_UNKNOWN) {
            return;
        }
        try {
            keys.drop(claim, Deadline.in(DROP_TIME));
        } catch (StoreException e) {
            LOG.atWarn().addKeyValue("error", String.valueOf(e.getCause()))
                    .log("an idempotency key is blocked until its claim expires");
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
