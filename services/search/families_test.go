package search_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/problem"
)

// TestFamilies asks for each list, on a population in which each filter leaves something out.
func TestFamilies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		b.insert(t,
			account{"Krishna Mohan", 9731423166, joined()},
			account{"KrishnaMohan", 9731423166, joined().Add(time.Second)},
			account{"Krishna Rao", 97314231661, joined().Add(time.Microsecond)},
			account{"Mohan Kumar", 973142316612345, joined().Add(-time.Microsecond)},
			account{"krishnamohan", 9000000000, joined().Add(time.Hour)},
			account{"Zoë Zimmermann", 999999999999999, joined().Add(-time.Hour)},
			account{"Émilie du Châtelet", 10000000000, joined()},
		)
		s := start(t, b, options{})
		for _, tc := range []struct {
			name  string
			query []string
			want  []string
		}{
			{"everybody", nil, []string{
				"Krishna Mohan", "Krishna Rao", "KrishnaMohan", "Mohan Kumar", "Zoë Zimmermann", "krishnamohan", "Émilie du Châtelet",
			}},
			{"name_prefix", []string{"name_prefix", "Krishna"}, []string{"Krishna Mohan", "Krishna Rao", "KrishnaMohan"}},
			{"name_prefix with a space", []string{"name_prefix", "Krishna "}, []string{"Krishna Mohan", "Krishna Rao"}},
			{"name_prefix is a name", []string{"name_prefix", "KrishnaMohan"}, []string{"KrishnaMohan"}},
			{"name_prefix, decomposed, with space before it", []string{"name_prefix", " E\u0301mi"}, []string{"Émilie du Châtelet"}},
			{"name_prefix of nobody", []string{"name_prefix", "Krishnas"}, nil},
			{"phone", []string{"phone", "9731423166"}, []string{"Krishna Mohan", "KrishnaMohan"}},
			{"phone of nobody", []string{"phone", "9731423167"}, nil},
			{"the lowest phone", []string{"phone", "9000000000"}, []string{"krishnamohan"}},
			{"the highest phone", []string{"phone", "999999999999999"}, []string{"Zoë Zimmermann"}},
			{"phone_prefix", []string{"phone_prefix", "97314"}, []string{"Krishna Mohan", "KrishnaMohan", "Krishna Rao", "Mohan Kumar"}},
			{"phone_prefix is a number", []string{"phone_prefix", "9731423166"}, []string{
				"Krishna Mohan", "KrishnaMohan", "Krishna Rao", "Mohan Kumar",
			}},
			{"phone_prefix is the longest number", []string{"phone_prefix", "973142316612345"}, []string{"Mohan Kumar"}},
			{"phone_prefix of one digit", []string{"phone_prefix", "9"}, []string{
				"krishnamohan", "Krishna Mohan", "KrishnaMohan", "Krishna Rao", "Mohan Kumar", "Zoë Zimmermann",
			}},
			{"phone_prefix below the lowest number", []string{"phone_prefix", "1"}, []string{"Émilie du Châtelet"}},
			{"phone_prefix of no number", []string{"phone_prefix", "899999999999999"}, nil},
			{"since_from", []string{"since_from", "2022-09-12T10:00:00.000001Z"}, []string{"Krishna Rao", "KrishnaMohan", "krishnamohan"}},
			{"since_to", []string{"since_to", "2022-09-12T10:00:00Z"}, []string{"Zoë Zimmermann", "Mohan Kumar"}},
			{"since, from inclusive to exclusive", []string{
				"since_from", "2022-09-12T10:00:00Z", "since_to", "2022-09-12T10:00:01Z",
			}, []string{"Krishna Mohan", "Émilie du Châtelet", "Krishna Rao"}},
			{"since, in another zone", []string{
				"since_from", "2022-09-12T15:30:00+05:30", "since_to", "2022-09-12T05:00:00.000001-05:00",
			}, []string{"Krishna Mohan", "Émilie du Châtelet"}},
			{"since, between two microseconds", []string{
				"since_from", "2022-09-12T10:00:00.000000001Z", "since_to", "2022-09-12T10:00:00.000001001Z",
			}, []string{"Krishna Rao"}},
			{"since, of no time", []string{"since_from", "2022-09-12T10:00:00Z", "since_to", "2022-09-12T10:00:00Z"}, nil},
			{"since, of all time", []string{
				"since_from", "0000-01-01T00:00:00Z", "since_to", "9999-12-31T23:59:59.999999999-23:59",
			}, []string{
				"Zoë Zimmermann", "Mohan Kumar", "Krishna Mohan", "Émilie du Châtelet", "Krishna Rao", "KrishnaMohan", "krishnamohan",
			}},
			{"since, after all time", []string{"since_from", "9999-12-31T23:59:59.9999999Z"}, nil},
			{"since, before all time", []string{"since_to", "0001-01-01T00:00:00Z"}, nil},
			{"names", []string{
				"name", "Mohan Kumar", "name", " krishnamohan ", "name", "Nobody at all", "name", "Mohan Kumar", "name", "Zoe\u0308 Zimmermann",
			}, []string{"Mohan Kumar", "Zoë Zimmermann", "krishnamohan"}},
			{"names of nobody", []string{"name", "Nobody at all"}, nil},
		} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				got := s.get(t, tc.query...).page(t)
				if names := got.names(); !slices.Equal(names, tc.want) {
					t.Errorf("got %q, want %q", names, tc.want)
				}
				if got.Next != nil {
					t.Errorf("there is a next page: %s", *got.Next)
				}
				for limit := 1; limit <= 3; limit++ {
					var names []string
					for _, u := range s.list(t, append(slices.Clip(tc.query), "limit", fmt.Sprint(limit))...) {
						names = append(names, u.Name)
					}
					if !slices.Equal(names, tc.want) {
						t.Errorf("in pages of %d: got %q, want %q", limit, names, tc.want)
					}
				}
			})
		}
	})
}

// TestRecords holds a page against its exact bytes.
func TestRecords(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		s := start(t, b, options{})
		if got := s.get(t); got.body != `{"users":[],"next":null}` || got.header.Get("Link") != "" {
			t.Errorf("the list of nobody is %s with Link %q", got.body, got.header.Get("Link"))
		}
		b.insert(t,
			account{`Krishna "Mohan"`, 9731423166, joined()},
			account{"Krishna/Mohan<&>", 9731423167, joined().Add(1500 * time.Microsecond)},
		)
		const want = `{"users":[{"name":"Krishna \"Mohan\"","phone":9731423166,"since":"2022-09-12T10:00:00Z"},` +
			`{"name":"Krishna/Mohan<&>","phone":9731423167,"since":"2022-09-12T10:00:00.001500Z"}],"next":null}`
		got := s.get(t)
		if got.body != want {
			t.Errorf("got %s, want %s", got.body, want)
		}
		if cache := got.header.Get("Cache-Control"); cache != "no-store" {
			t.Errorf("Cache-Control = %q", cache)
		}

		head := s.send(t, http.MethodHead, "/user?limit=1")
		get := s.send(t, http.MethodGet, "/user?limit=1")
		if head.status != http.StatusOK || head.body != "" {
			t.Errorf("HEAD = %d %q", head.status, head.body)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "Link"} {
			if head.header.Get(name) != get.header.Get(name) || get.header.Get(name) == "" {
				t.Errorf("%s is %q of HEAD and %q of GET", name, head.header.Get(name), get.header.Get(name))
			}
		}
	})
}

// TestRoutes finds that the service answers at its own path alone.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, newBackend(t, enginetest.SQLite(t)), options{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		got := s.send(t, method, "/user?name_prefix=Krishna")
		got.wantProblem(t, problem.MethodNotAllowed)
		if allow := got.header.Get("Allow"); allow != "GET, HEAD" {
			t.Errorf("%s: Allow = %q", method, allow)
		}
	}
	for _, path := range []string{"/users", "/user/", "/user/KrishnaMohan", "/user%3Flimit=1", "/"} {
		if got := s.send(t, http.MethodGet, path); got.status != http.StatusNotFound {
			t.Errorf("%s is %d %s", path, got.status, got.body)
		}
	}
}

// TestPrefixes finds names by each of their beginnings, and by nothing else, on names that invite mistakes: the
// metacharacters of LIKE, the spaces with which MySQL pads, characters on both sides of the surrogates and beyond U+FFFF.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	names := []string{
		"100%_sure", "100% sure", "1000 sure", "100__sure", `100\%sure`, `100\sure\`, "100|sure|", "100[s]ure", "100*sure?",
		"Krishna Mohan", "Krishna Mohan Rao", "Krishna  Mohan", "KrishnaMohan", "KRISHNAMOHAN", "krishnamohan", "Krishna!Mohan",
		"Mohan\uD7FFxxx", "Mohan\uE000xxx", "Mohan\uFFFDxxx", "Mohan\U00010000xxx", "Mohan😀xxx", "Mohan😁xxx", "Mohan\U0010FFFDxxx",
		"Mohan xxx", "Mohanxxx", "😀😀😀😀😀😀😀😀", "😀😀😀😀😀😀😀😀😀", "\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD",
		"a\u200Db\u200Dc\u200Dde", "भीमसेन जोशी", "भीमसेनजोशी",
	}
	onEach(t, func(t *testing.T, b *backend) {
		accounts := make([]account, len(names))
		for i, name := range names {
			accounts[i] = account{name, 9000000000, joined()}
		}
		b.insert(t, accounts...)
		s := start(t, b, options{})
		prefixes := map[string]bool{"100%": true, "100_": true, `100\`: true, "%": true, "_": true, "100[s-t]": true}
		for _, name := range names {
			for i := range []rune(name) {
				prefixes[string([]rune(name)[:i+1])] = true
				prefixes[string([]rune(name)[:i+1])+" "] = true
			}
		}
		for prefix := range prefixes {
			var want []string
			for _, name := range names {
				if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
					want = append(want, name)
				}
			}
			slices.Sort(want)
			if got := s.get(t, "name_prefix", prefix).page(t).names(); !slices.Equal(got, want) {
				t.Errorf("with the beginning %+q are %+q, want %+q", prefix, got, want)
			}
		}
	})
}
