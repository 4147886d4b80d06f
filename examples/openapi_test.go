package examples_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocuments compares each filling's OpenAPI document with the one of its slot.
func TestDocuments(t *testing.T) {
	t.Parallel()
	copies, err := filepath.Glob("*/openapi.yaml")
	if err != nil || len(copies) == 0 {
		t.Fatalf("there are no documents: %v", err)
	}
	for _, document := range copies {
		slot, _, _ := strings.Cut(document, "-") // a folder is named slot-language
		want, err := os.ReadFile(filepath.Join("..", "services", slot, "openapi.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(document); err != nil || !bytes.Equal(got, want) {
			t.Errorf("examples/%s is not services/%s/openapi.yaml, %v: run go generate ./examples", document, slot, err)
		}
	}
}
