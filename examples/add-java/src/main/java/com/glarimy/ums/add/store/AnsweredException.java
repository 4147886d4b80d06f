package com.glarimy.ums.add.store;

/** The request was processed before, and has its answer already. Nothing was changed. */
public final class AnsweredException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient StoredAnswer answer;

    AnsweredException(StoredAnswer answer) {
        super("the request was answered before", null, false, false);
        this.answer = answer;
    }

    public StoredAnswer answer() {
        return answer;
    }
}
