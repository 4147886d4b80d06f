package redisstream

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/event"
)

// FuzzDecode reads any entry: it is refused, or it is an event that survives being sent on.
func FuzzDecode(f *testing.F) {
	sound := []string{
		"ce_specversion", "1.0", "ce_id", "6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d11", "ce_source", "/ums/add",
		"ce_type", event.TypeAdded, "ce_subject", "KrishnaMohan", "ce_time", "2022-09-12T10:00:00Z",
		"ce_sequence", "00000000000000000042", "data", `{"name":"KrishnaMohan"}`,
	}
	for _, fields := range [][]string{sound, sound[2:], append(sound, "data", "1"), append(sound, "x", "1", "x"), {"data"}, nil} {
		encoded, err := json.Marshal(fields)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var e entry
		if json.Unmarshal(encoded, &e.fields) != nil {
			return
		}
		decoded, err := e.decode()
		if err != nil {
			return
		}
		again, err := sentAgain(decoded).decode()
		if err != nil {
			t.Fatalf("what was read once is refused: %v", err)
		}
		if diff := cmp.Diff(decoded, again); diff != "" {
			t.Errorf("what was read once becomes another:\n%s", diff)
		}
	})
}

// sentAgain is the entry that an event becomes.
func sentAgain(e event.Event) entry {
	var sent entry
	for _, value := range fields(e) {
		switch v := value.(type) {
		case string:
			sent.fields = append(sent.fields, v)
		case []byte:
			sent.fields = append(sent.fields, string(v))
		}
	}
	return sent
}

// TestReadAnswers meets servers that answer what Redis does not.
func TestReadAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]any{
		"a text": "OK", "a number for an entry": []any{1}, "an entry of one": []any{[]any{"1-0"}},
		"a number for an id": []any{[]any{1, nil}}, "a number for a field": []any{[]any{"1-0", []any{"a", 1}}},
		"a text for fields": []any{[]any{"1-0", "a"}},
	} {
		if entries, err := readEntries(answer); err == nil {
			t.Errorf("%s is read as %v", name, entries)
		}
		if entries, err := readStream([]any{[]any{Stream, answer}}); err == nil {
			t.Errorf("%s in a stream is read as %v", name, entries)
		}
	}
	for name, answer := range map[string]any{"nothing": nil, "no stream": []any{}, "half a stream": []any{[]any{Stream}}} {
		if entries, err := readStream(answer); err == nil {
			t.Errorf("%s is read as %v", name, entries)
		}
	}
	gone, err := readEntries([]any{nil, []any{"1-0", nil}})
	if err != nil || len(gone) != 1 || len(gone[0].fields) != 0 {
		t.Errorf("removed entries are read as %v, %v", gone, err)
	}
}
