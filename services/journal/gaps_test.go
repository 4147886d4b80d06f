package journal_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/services/journal"
)

func TestGapsOpenAndClose(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 5)
	for _, tc := range []struct {
		name    string
		open    string
		after   uint64
		numbers []uint64 // walked past
		late    []uint64 // found in gaps
		want    string
	}{
		{"nothing", "[]", 0, nil, nil, "[]"},
		{"no gap", "[]", 7, []uint64{8, 9, 10}, nil, "[]"},
		{"before, between", "[]", 7, []uint64{10, 11, 13}, nil, "[[8,9,1700000000],[12,12,1700000000]]"},
		{"the first of all", "[]", 0, []uint64{1000001}, nil, "[[1,1000000,1700000000]]"},
		{"closed", "[[8,8,1600000000]]", 9, nil, []uint64{8}, "[]"},
		{"closed at its ends", "[[3,9,1600000000]]", 9, nil, []uint64{3, 9}, "[[4,8,1600000000]]"},
		{"split", "[[3,9,1600000000],[11,12,1600000005]]", 12, []uint64{13, 15}, []uint64{5, 6, 12},
			"[[3,4,1600000000],[7,9,1600000000],[11,11,1600000005],[14,14,1700000000]]"},
	} {
		open, err := journal.ReadGaps(tc.open)
		if err != nil {
			t.Fatal(err)
		}
		got := journal.Encode(journal.Opened(journal.Without(open, tc.late), tc.after, tc.numbers, now))
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if journal.Encode(open) != tc.open {
			t.Errorf("%s: the gaps before were changed to %s", tc.name, journal.Encode(open))
		}
	}
	if _, err := journal.ReadGaps("[[1,2]"); err == nil {
		t.Error("half a list is accepted")
	}
}

func TestGapsAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	var numbers []uint64
	for n := range uint64(1000) {
		numbers = append(numbers, 2*n+2)
	}
	open := journal.Opened(nil, 0, numbers, now)
	if got := journal.Recent(open, now.Add(9*time.Minute)); len(got) != 256 || !strings.HasPrefix(journal.Encode(got), "[[1489,") {
		t.Errorf("%d gaps are left: %.40s, want the last 256", len(got), journal.Encode(got))
	}
	if got := journal.Recent(open, now.Add(10*time.Minute)); len(got) != 0 {
		t.Errorf("%d gaps are left after ten minutes", len(got))
	}
}

// TestGapsAreWhatWasNotSeen holds gaps against a set of numbers.
func TestGapsAreWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	for range 200 {
		seen, walked, open := map[uint64]bool{}, uint64(0), journal.Gaps(nil)
		for range 10 {
			var ahead, late []uint64
			for n := uint64(1); n <= walked+20; n++ {
				switch {
				case seen[n] || rand.N(2) == 0:
					continue
				case n > walked:
					ahead = append(ahead, n)
				default:
					late = append(late, n)
				}
				seen[n] = true
			}
			open = journal.Opened(journal.Without(open, late), walked, ahead, now)
			if len(ahead) > 0 {
				walked = ahead[len(ahead)-1]
			}
		}
		var want []uint64
		for n := uint64(1); n <= walked; n++ {
			if !seen[n] {
				want = append(want, n)
			}
		}
		rest := journal.Without(open, want)
		if len(rest) > 0 || journal.Encode(journal.Without(open, nil)) != journal.Encode(open) {
			t.Fatalf("the gaps %s have more than %v", journal.Encode(open), want)
		}
		for i := range want { // each alone must be in a gap
			if but := slices.Delete(slices.Clone(want), i, i+1); len(journal.Without(open, but)) == 0 {
				t.Fatalf("the gaps %s lack %d", journal.Encode(open), want[i])
			}
		}
	}
}

// TestFrames finds that no data breaks out of its field.
func TestFrames(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"{}", "{\r\n\t\"a\": 1\n}", "not\njson\r\n\r\nevent: x", "\"\u2028\"", "", "\xff\n"} {
		text := string(journal.FrameOf([]byte(data)))
		if strings.Count(text, "\n") != 4 || strings.Contains(text, "\r") || !strings.HasSuffix(text, "\n\n") {
			t.Errorf("%q is sent as %q", data, text)
		}
	}
}
