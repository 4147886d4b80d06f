package etag_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/etag"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const current = `"17-2"`
	for _, tc := range []struct {
		lines        []string
		strong, weak bool
		bad          bool
	}{
		{lines: []string{`*`}, strong: true, weak: true},
		{lines: []string{`"17-2"`}, strong: true, weak: true},
		{lines: []string{`W/"17-2"`}, weak: true},
		{lines: []string{`"1", "17-2"`}, strong: true, weak: true},
		{lines: []string{`"1"`, `"17-2"`}, strong: true, weak: true},
		{lines: []string{`, "1" ,, "17-2",`}, strong: true, weak: true},
		{lines: []string{`"a,b"`}},
		{lines: []string{`""`}},
		{lines: []string{`17-2`}, bad: true},
		{lines: []string{`"17-2`}, bad: true},
		{lines: []string{`"17 2"`}, bad: true},
		{lines: []string{`"1" "17-2"`}, bad: true},
		{lines: []string{`w/"17-2"`}, bad: true},
		{lines: []string{`*, "17-2"`}, bad: true},
		{lines: []string{``}, bad: true},
		{lines: []string{` , `}, bad: true},
	} {
		t.Run(strings.Join(tc.lines, "|"), func(t *testing.T) {
			t.Parallel()
			list, err := etag.Parse(tc.lines)
			if tc.bad {
				if !errors.Is(err, etag.ErrSyntax) {
					t.Errorf("error = %v, want ErrSyntax", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := list.MatchStrong(current); got != tc.strong {
				t.Errorf("strong = %t, want %t", got, tc.strong)
			}
			if got := list.MatchWeak(current); got != tc.weak {
				t.Errorf("weak = %t, want %t", got, tc.weak)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`W/"1", "2"`)
	f.Add(`*`)
	f.Fuzz(func(t *testing.T, line string) {
		list, err := etag.Parse([]string{line})
		if err == nil && list.MatchStrong(`"x"`) && !list.MatchWeak(`"x"`) {
			t.Errorf("%q matches strongly and not weakly", line)
		}
	})
}
