package search_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user/usertest"
)

func TestParametersRefused(t *testing.T) {
	t.Parallel()
	s := start(t, newBackend(t, enginetest.SQLite(t)), options{})
	names := strings.TrimPrefix(strings.Repeat("&name=KrishnaMohan", 101), "&")
	for _, tc := range []struct {
		query string // as it is sent
		want  []string
	}{
		{"offset=10", []string{"#/offset unknown-parameter"}},
		{"name_prefx=Kri", []string{"#/name_prefx unknown-parameter"}},
		{"Name=KrishnaMohan", []string{"#/Name unknown-parameter"}},
		{"=KrishnaMohan", []string{"#/ unknown-parameter"}},
		{"name%5B%5D=KrishnaMohan", []string{"#/name%5B%5D unknown-parameter"}},
		{"a/b~c=1", []string{"#/a~1b~0c unknown-parameter"}},
		{"limit=1;phone=9731423166", []string{"#/limit not-integer"}},
		{"nam%ZZ=1", []string{"#/nam%25ZZ encoding"}},
		{"limit=5&limit=5", []string{"#/limit duplicate-parameter"}},
		{"name_prefix=Kri&name%5fprefix=Moh", []string{"#/name_prefix duplicate-parameter"}},
		{"cursor=x&cursor=y", []string{"#/cursor duplicate-parameter"}},

		{"limit=", []string{"#/limit not-integer"}},
		{"limit", []string{"#/limit not-integer"}},
		{"limit=0", []string{"#/limit too-small"}},
		{"limit=501", []string{"#/limit too-large"}},
		{"limit=99999999999999999999", []string{"#/limit too-large"}},
		{"limit=-1", []string{"#/limit not-integer"}},
		{"limit=+5", []string{"#/limit not-integer"}},
		{"limit=05", []string{"#/limit not-integer"}},
		{"limit=5.0", []string{"#/limit not-integer"}},
		{"limit=1e2", []string{"#/limit not-integer"}},
		{"limit=0x10", []string{"#/limit not-integer"}},
		{"limit=%D9%A5", []string{"#/limit not-integer"}}, // an Arabic digit

		{"name_prefix=", []string{"#/name_prefix too-short"}},
		{"name_prefix=%20%20", []string{"#/name_prefix too-short"}},
		{"name_prefix=" + strings.Repeat("K", 33), []string{"#/name_prefix too-long"}},
		{"name_prefix=Krishna%00", []string{"#/name_prefix forbidden-character"}},
		{"name_prefix=Krishna%FF", []string{"#/name_prefix encoding"}},
		{"name_prefix=100%", []string{"#/name_prefix encoding"}},
		{"name_prefix=%ED%A0%80", []string{"#/name_prefix encoding"}}, // a surrogate

		{"phone=", []string{"#/phone not-integer"}},
		{"phone=8999999999", []string{"#/phone too-small"}},
		{"phone=1000000000000000", []string{"#/phone too-large"}},
		{"phone=99999999999999999999999", []string{"#/phone too-large"}},
		{"phone=9e9", []string{"#/phone not-integer"}},
		{"phone=09731423166", []string{"#/phone not-integer"}},
		{"phone=%2B9731423166", []string{"#/phone not-integer"}},
		{"phone=97314-23166", []string{"#/phone not-integer"}},

		{"phone_prefix=", []string{"#/phone_prefix too-short"}},
		{"phone_prefix=0", []string{"#/phone_prefix format"}},
		{"phone_prefix=%2B97", []string{"#/phone_prefix format"}},
		{"phone_prefix=97x", []string{"#/phone_prefix format"}},
		{"phone_prefix=97%25", []string{"#/phone_prefix format"}},
		{"phone_prefix=9731423166123456", []string{"#/phone_prefix too-long"}},

		{"since_from=", []string{"#/since_from format"}},
		{"since_from=2022-09-12", []string{"#/since_from format"}},
		{"since_from=1662976800", []string{"#/since_from format"}},
		{"since_from=2022-09-12T10:00:00", []string{"#/since_from format"}},
		{"since_from=2022-09-12T10:00:00+05:30", []string{"#/since_from format"}}, // a + is a space
		{"since_from=2022-09-12T10:00:00,5Z", []string{"#/since_from format"}},
		{"since_from=2022-09-12T1:00:00Z", []string{"#/since_from format"}},
		{"since_from=2022-09-12T1:00:00,123Z", []string{"#/since_from format"}},
		{"since_from=2022-09-12t10:00:00z", []string{"#/since_from format"}},
		{"since_from=2022-09-12T10:00:00%2B25:00", []string{"#/since_from format"}},
		{"since_from=2022-02-30T10:00:00Z", []string{"#/since_from format"}},
		{"since_to=2022-09-12T10:00:60Z", []string{"#/since_to format"}},
		{"since_from=2022-09-12T10:00:00Z&since_to=2022-09-12T09:59:59Z", []string{"#/since_to too-early"}},

		{"name=", []string{"#/name too-short"}},
		{"name=KrishnaMohan&name=Krishna", []string{"#/name too-short"}},
		{names, []string{"#/name too-many"}},

		// All at once, and before it is seen that they cannot be combined.
		{"limit=0&phone=1&name_prefix=%01&q=x", []string{
			"#/q unknown-parameter", "#/limit too-small", "#/name_prefix forbidden-character", "#/phone too-small",
		}},
	} {
		got := s.send(t, http.MethodGet, "/user?"+tc.query).wantProblem(t, problem.InvalidParameter)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%.80s: got %q, want %q", tc.query, got, tc.want)
		}
	}
	for _, bad := range usertest.BadNames() {
		got := s.send(t, http.MethodGet, "/user?name="+url.QueryEscape(bad.Raw)).wantProblem(t, problem.InvalidParameter)
		if want := []string{"#/name " + bad.Code}; !slices.Equal(got, want) {
			t.Errorf("name is %s: got %q, want %q", bad.Name, got, want)
		}
	}
	faults := s.send(t, http.MethodGet, "/user?"+strings.Repeat("x=1&", 100)).wantProblem(t, problem.InvalidParameter)
	if len(faults) != 16 {
		t.Errorf("100 faults are told as %d, want 16", len(faults))
	}
}

func TestParametersTaken(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, account{"KrishnaMohan", 9731423166, joined()}, account{"Krishna Mohan", 9731423166, joined()})
	s := start(t, b, options{})
	for query, want := range map[string][]string{
		"&&limit=500&":                            {"Krishna Mohan", "KrishnaMohan"},
		"limit=1":                                 {"Krishna Mohan"},
		"name_prefix=Krishna+M":                   {"Krishna Mohan"},
		"n%61me=KrishnaMohan":                     {"KrishnaMohan"},
		"name_prefix=Krishna;":                    {},
		"name_prefix=Krishna=":                    {},
		"name=Krishna%2FMohan":                    {},
		"phone=9731423166&limit":                  nil, // refused
		strings.Repeat("&name=KrishnaMohan", 100): {"KrishnaMohan"},
	} {
		got := s.send(t, http.MethodGet, "/user?"+query)
		if want == nil {
			got.wantProblem(t, problem.InvalidParameter)
		} else if names := got.page(t).names(); !slices.Equal(names, want) {
			t.Errorf("%.60s: got %q, want %q", query, names, want)
		}
	}
}

// TestCombinations finds that no two filters go together.
func TestCombinations(t *testing.T) {
	t.Parallel()
	s := start(t, newBackend(t, enginetest.SQLite(t)), options{})
	filters := map[string]string{
		"name_prefix": "Krishna", "phone": "9731423166", "phone_prefix": "97314", "since_from": "2022-09-12T10:00:00Z",
		"since_to": "2022-09-12T10:00:01Z", "name": "KrishnaMohan",
	}
	for one, first := range filters {
		for another, second := range filters {
			if one >= another || one == "since_from" && another == "since_to" {
				continue
			}
			faults := s.get(t, one, first, another, second).wantProblem(t, problem.UnsupportedCombination)
			slices.Sort(faults)
			if want := []string{"#/" + one + " combination", "#/" + another + " combination"}; !slices.Equal(faults, want) {
				t.Errorf("%s and %s: got %q", one, another, faults)
			}
		}
	}
}
