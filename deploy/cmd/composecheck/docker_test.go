package main

import "testing"

func TestNotable(t *testing.T) {
	t.Parallel()
	const output = "ok   find/one  says it (1ms)\nFAIL find/two  says more: got nothing\nthat was after 0 of 1 events\nok   find/three  so (2s)\n2 passed, 1 failed\n"
	if got, want := notable(output), "FAIL find/two  says more: got nothing\nthat was after 0 of 1 events\n2 passed, 1 failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
