package urlquery_test

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/urlquery"
)

// faults returns what is wrong with parameters, as "pointer code".
func faults(p *urlquery.Parameters) []string {
	var all []string
	for _, f := range p.Faults {
		all = append(all, f.Pointer+" "+f.Code)
	}
	return all
}

func TestRead(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"":                           nil,
		"&&":                         nil,
		"a=1&b=2&b=3":                nil,
		"a=1&a=2":                    {"#/a duplicate-parameter"},
		"a=1&%61=2":                  {"#/a duplicate-parameter"},
		"A=1":                        {"#/A unknown-parameter"},
		"=1":                         {"#/ unknown-parameter"},
		"a=1;b=2&b=%zz":              {"#/b encoding"},
		"a%=1":                       {"#/a%25 encoding"},
		"c=%":                        {"#/c unknown-parameter"},
		"a=1&a=2&c=3":                {"#/a duplicate-parameter", "#/c unknown-parameter"},
		strings.Repeat("c=1&", 1000): slices.Repeat([]string{"#/c unknown-parameter"}, 16),
	} {
		p := urlquery.Read(query, []string{"a", "b"}, "b")
		if got := faults(p); !slices.Equal(got, want) {
			t.Errorf("%.30q has the faults %q, want %q", query, got, want)
		}
		if err := p.Refused(); (err != nil) != (want != nil) {
			t.Errorf("%.30q is refused with %v", query, err)
		}
	}
	if got := urlquery.Read("a=x+%C3%A9&b=2&b=", []string{"a", "b"}, "b").Values.Encode(); got != "a=x+%C3%A9&b=2&b=" {
		t.Errorf("the values are %s", got)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]any{
		"": 50, "limit=1": 1, "limit=500": 500,
		"limit": "not-integer", "limit=": "not-integer", "limit=+5": "not-integer", "limit=05": "not-integer",
		"limit=-1": "not-integer", "limit=1e2": "not-integer", "limit=%D9%A5": "not-integer",
		"limit=0": "too-small", "limit=501": "too-large", "limit=99999999999999999999": "too-large",
	} {
		p := urlquery.Read(query, []string{urlquery.Limit})
		var got any = p.Limit()
		if len(p.Faults) > 0 {
			got = p.Faults[0].Code
		}
		if got != want {
			t.Errorf("%q is the limit %v, want %v", query, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2022-09-12T10:00:00Z":           "2022-09-12T10:00:00Z",
		"2022-09-12T10:00:00.000001Z":    "2022-09-12T10:00:00.000001Z",
		"2022-09-12T10:00:00.0000011Z":   "2022-09-12T10:00:00.000002Z",
		"2022-09-12T12:30:00+02:30":      "2022-09-12T10:00:00Z",
		"0000-01-01T00:00:00.000000001Z": "0000-01-01T00:00:00.000001Z",
		"9999-12-31T23:59:59-00:01":      "10000-01-01T00:00:59Z",
		"2022-09-12T1:04:05Z":            "",
		"2022-09-12T10:00:00,5Z":         "",
		"2022-09-12 10:00:00Z":           "",
		"2022-09-12":                     "",
		"1662976800":                     "",
		"":                               "",
	} {
		p := urlquery.Read("from="+url.QueryEscape(text), []string{"from"})
		moment, ok := p.Moment("from")
		got := ""
		if ok {
			got = moment.Format(time.RFC3339Nano)
		}
		if got != want || (len(p.Faults) > 0) == ok {
			t.Errorf("%q is %q with the faults %q, want %q", text, got, faults(p), want)
		}
	}
	if _, ok := urlquery.Read("", []string{"from"}).Moment("from"); ok {
		t.Error("there is a moment where the parameter is absent")
	}
}

func TestInteger(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"0": 0, "7": 7, "18446744073709551615": math.MaxUint64, "99999999999999999999": math.MaxUint64,
	} {
		if got, ok := urlquery.Integer(text); !ok || got != want {
			t.Errorf("%q is %d, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "07", "-1", "+1", " 1", "1.0", "0x1", "²"} {
		if got, ok := urlquery.Integer(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
}
