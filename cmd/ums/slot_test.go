package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/cmd/ums/slot"
	"github.com/glarimy/ums/conformance/contract"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestSkeletonsKeepTheirClauses makes skeletons by the command, starts them as they say themselves, and holds them
// against the clauses that they promise to keep. Every slot is started in Go; in other languages, where they are
// installed, one is. The rest differ in their routes alone.
func TestSkeletonsKeepTheirClauses(t *testing.T) {
	t.Parallel()
	db := enginetest.MySQL(t)
	whole := start(t, t.TempDir(), map[string]string{"DATABASE_URL": db.URL})
	for _, tc := range []struct {
		lang, slot string
		needs      [][]string // commands that must succeed, or the skeleton cannot be made ready
		ready      [][]string // make it ready; what they cannot fetch is missing
		serve      []string
	}{
		{lang: "go", slot: "find"}, {lang: "go", slot: "add"}, {lang: "go", slot: "search"}, {lang: "go", slot: "journal"},
		{
			lang: "node", slot: "search", needs: [][]string{{"node", "--version"}},
			ready: [][]string{{"npm", "ci", "--no-audit", "--no-fund"}, {"npm", "test"}}, serve: []string{"node", "src/main.js"},
		},
		{
			lang: "python", slot: "find", needs: [][]string{{"python3", "-c", "import sys, venv; assert sys.version_info >= (3, 11)"}},
			ready: [][]string{
				{"python3", "-m", "venv", ".venv"}, {".venv/bin/pip", "install", "-q", "-r", "requirements.txt"},
				{".venv/bin/python", "-m", "unittest"},
			},
			serve: []string{".venv/bin/python", "-m", "service"},
		},
		{
			lang: "java", slot: "add", needs: [][]string{{"javac", "--release", "17", "--version"}, {"mvn", "--version"}},
			ready: [][]string{{"mvn", "-q", "-B", "package"}},
			serve: []string{"java", "-cp", "target/service.jar:target/lib/*", "ums.Main"},
		},
	} {
		t.Run(tc.lang+"/"+tc.slot, func(t *testing.T) {
			t.Parallel()
			if tc.lang != "go" && testing.Short() {
				t.Skip("fetches packages of other languages, so not with -short")
			}
			for _, command := range tc.needs {
				if out, err := do(t, ".", command); err != nil {
					missing(t, "%s: %v %s", strings.Join(command, " "), err, out)
				}
			}
			folder := filepath.Join(t.TempDir(), "service")
			newSkeleton(t, tc.lang, tc.slot, folder)
			if tc.lang == "go" {
				tc.ready = [][]string{{"go", "build", "-o", "service", "."}}
				if tc.slot == "add" { // its routes are the most
					tc.ready = append(tc.ready, []string{"go", "vet", "./..."}, []string{"go", "test", "./..."})
				}
				tc.serve = []string{"./service"}
			}
			makeReady(t, tc.lang, folder, tc.ready)
			url := serveSkeleton(t, folder, tc.serve, "DATABASE_URL=")
			keepSkeleton(t, contract.Slot(tc.slot), whole.url, url)
			holdIdle(t, url)
			waitsForTheSchema(t, db, folder, tc.serve)
		})
	}
}

// newSkeleton runs `ums slot new`.
func newSkeleton(t *testing.T, lang, name, folder string) {
	t.Helper()
	var out bytes.Buffer
	args := []string{"slot", "new", "--lang", lang, "--slot", name, "--dir", folder}
	if err := ums.Run(t.Context(), args, func(string) string { return "" }, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if want := "-slot " + name + " -url"; !strings.Contains(out.String(), want) || !strings.Contains(out.String(), slot.Clauses) {
		t.Errorf("it prints\n%s\nwithout how to check it", out.String())
	}
}

// keepSkeleton checks the clauses that a skeleton promises to keep.
func keepSkeleton(t *testing.T, name contract.Slot, whole, url string) {
	t.Helper()
	client, err := contract.NewClient(contract.Options{URL: url, WriteURL: map[bool]string{false: whole}[name == contract.Add]})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Reach(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	promised, checked := regexp.MustCompile(slot.Clauses), 0
	for _, clause := range contract.Clauses(name) {
		if !promised.MatchString(clause.ID) {
			continue
		}
		checked++
		if err := clause.Check(t.Context(), client); err != nil {
			t.Errorf("%s  %s: %v", clause.ID, clause.Says, err)
		}
	}
	if checked < 7 {
		t.Errorf("%d clauses were checked, want probes, errors and methods", checked)
	}
	_, body := call(t, http.MethodGet, url+"/user/KrishnaMohan", "")
	if name == contract.Find && !strings.Contains(body, "#not-implemented") {
		t.Errorf("what is not written yet answers %s", body)
	}
}

// TestSlotNewSaysWhatItWants tries what cannot be done.
func TestSlotNewSaysWhatItWants(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args string
		want string
	}{
		{"", "--lang is missing: choose node, java, python or go"},
		{"--lang go", "--slot is missing: choose find, add, search or journal"},
		{"--lang cobol --slot find", `no skeleton in "cobol"`},
		{"--lang go --slot users", `no slot "users"`},
		{"--lang go --slot find more", `no place for "more"`},
		{"--lang go --slot find --dir " + full, "is not empty"},
	} {
		args := append([]string{"slot", "new"}, strings.Fields(tc.args)...)
		err := ums.Run(t.Context(), args, func(string) string { return "" }, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", fmt.Sprint(args), err, tc.want)
		}
	}
}
