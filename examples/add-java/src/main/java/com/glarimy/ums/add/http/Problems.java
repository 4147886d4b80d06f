package com.glarimy.ums.add.http;

import com.glarimy.ums.add.store.Refusal;
import com.glarimy.ums.add.store.StoreException;
import com.glarimy.ums.add.user.FaultyFieldsException;
import com.glarimy.ums.add.user.MalformedJsonException;
import java.util.List;
import java.util.Map;

/** The one table from what goes wrong to problems. */
final class Problems {
    private Problems() {}

    static Problem of(Throwable cause) {
        if (cause instanceof ProblemException e) {
            return e.problem();
        }
        if (cause instanceof FaultyFieldsException e) {
            return new Problem(ProblemType.VALIDATION, "Mend the fields in errors and send the request again.", e.faults(), Map.of());
        }
        if (cause instanceof MalformedJsonException e) {
            return Problem.of(ProblemType.MALFORMED_JSON, e.getMessage());
        }
        if (cause instanceof Refusal e) {
            return of(e.reason());
        }
        if (cause instanceof StoreException e) {
            return of(e.kind());
        }
        return internal();
    }

    private static Problem of(Refusal.Reason reason) {
        return switch (reason) {
            case NOT_FOUND -> Problem.of(ProblemType.USER_NOT_FOUND, "There is no user of this name.");
            case EXISTS -> Problem.of(ProblemType.USER_EXISTS, "There is a user of this name already.");
            case VERSION_MISMATCH -> Problem.of(ProblemType.PRECONDITION_FAILED,
                    "The user has changed. Fetch it again and decide anew.");
            case KEY_REUSED -> Problem.of(ProblemType.IDEMPOTENCY_KEY_REUSED,
                    "This key was sent before with another body. Use a new key for a new request.");
            case KEY_IN_USE -> Problem.of(ProblemType.IDEMPOTENCY_KEY_IN_USE,
                    "Another request with this key has not ended yet. Try again in a moment to get its answer.")
                    .with("Retry-After", "1");
        };
    }

    private static Problem of(StoreException.Kind kind) {
        return switch (kind) {
            case UNAVAILABLE -> unavailable("The service cannot reach what it needs. Try again in a moment.");
            case CONTENTION -> unavailable("Many requests change this at once, and this one lost. Try again in a moment.");
            case OUTCOME_UNKNOWN -> unavailable("The database did not confirm the change: it may have been made or not. "
                    + "Look before you repeat it, or repeat it with the same Idempotency-Key.");
            case INTERNAL -> internal();
        };
    }

    static Problem unavailable(String detail) {
        return Problem.of(ProblemType.UNAVAILABLE, detail).with("Retry-After", "1");
    }

    private static Problem internal() {
        return Problem.of(ProblemType.INTERNAL, "The request ended in an error of the server's.");
    }

    static Problem routeNotFound() {
        return Problem.of(ProblemType.ROUTE_NOT_FOUND, "There is nothing at this path.");
    }

    static Problem methodNotAllowed(List<String> allowed) {
        String allow = String.join(", ", allowed);
        return Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path takes " + allow + ".").with("Allow", allow);
    }
}
