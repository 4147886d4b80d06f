package safety_test

import (
	"flag"
	"os"
	"testing"

	"github.com/glarimy/ums/gateway/safety"
)

var update = flag.Bool("update", false, "write CASES.md")

// TestDocument checks that CASES.md lists the table.
func TestDocument(t *testing.T) {
	t.Parallel()
	want := safety.Document(safety.Cases())
	if *update {
		if err := os.WriteFile("CASES.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("CASES.md"); err != nil || string(got) != want {
		t.Errorf("CASES.md does not list the table (%v): go test ./gateway/safety -run Document -update", err)
	}
}

// TestCases checks the table itself.
func TestCases(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, c := range safety.Cases() {
		if c.Name == "" || c.Why == "" || len(c.Client) == 0 || c.Reach.Says == "" {
			t.Errorf("case %q does not say all: %+v", c.Name, c)
		}
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
	}
}
