package contract

import (
	"context"
	"strings"
)

// refusedParameterClauses are about queries that are refused, each fault by the parameter's name.
func refusedParameterClauses() []Clause {
	var clauses []Clause
	for _, r := range refusedQueries() {
		clauses = append(clauses, Clause{
			ID: "search/refused/" + r.id, Says: r.says + " answers 400 invalid-parameter",
			Run: func(ctx context.Context, c *Client) error {
				for _, raw := range r.queries {
					if _, err := c.send(ctx, listRaw(raw), isProblem(invalidParameter, r.faults...)); err != nil {
						return err
					}
				}
				return nil
			},
		})
	}
	return append(clauses,
		Clause{ID: "search/refused/escape", Says: "a query that is not percent-encoded correctly answers 400", Run: refusedEscape},
		Clause{ID: "search/refused/several", Says: "every fault of a query is told at once", Run: refusedSeveral},
		Clause{ID: "search/refused/two-filters", Says: "any two filters answer 400 unsupported-combination", Run: refusedTwoFilters},
	)
}

// refusedQuery is a fault, and queries that have it.
type refusedQuery struct {
	id, says string
	faults   []fault
	queries  []string
}

func refusedQueries() []refusedQuery {
	at := func(parameter, code string) []fault { return []fault{{Pointer: "#/" + parameter, Code: code}} }
	return []refusedQuery{
		{"unknown", "a parameter that does not exist", at("offset", codeUnknownParameter), []string{"offset=10", "limit=5&offset="}},
		{"other-case", "a parameter in other case", at("Limit", codeUnknownParameter), []string{"Limit=5"}},
		{"no-name", "a value without a parameter", at("", codeUnknownParameter), []string{"=5"}},
		{"limit-twice", "limit twice", at("limit", codeDuplicateParameter), []string{"limit=5&limit=5", "limit=5&l%69mit=6"}},
		{"prefix-twice", "name_prefix twice", at("name_prefix", codeDuplicateParameter), []string{"name_prefix=Kri&name_prefix=Moh"}},
		{"cursor-twice", "cursor twice", at("cursor", codeDuplicateParameter), []string{"cursor=x&cursor=y"}},

		{"limit-small", "a limit below 1", at("limit", codeTooSmall), []string{"limit=0"}},
		{"limit-large", "a limit above 500", at("limit", codeTooLarge), []string{"limit=501", "limit=99999999999999999999"}},
		{
			"limit-form", "a limit that is no integer in digits", at("limit", codeNotInteger),
			[]string{"limit=", "limit", "limit=-1", "limit=%2B5", "limit=5.0", "limit=1e2", "limit=0x10", "limit=five", "limit=%D9%A5", "limit=5;x=1"},
		},

		{"prefix-empty", "a name_prefix of nothing", at("name_prefix", codeTooShort), []string{"name_prefix=", "name_prefix", "name_prefix=%20%20"}},
		{"prefix-long", "a name_prefix of 33 characters", at("name_prefix", codeTooLong), []string{"name_prefix=" + strings.Repeat("%F0%9F%98%80", 33)}},
		{
			"prefix-forbidden", "a name_prefix with a character that no name has", at("name_prefix", codeForbidden),
			[]string{"name_prefix=Krishna%00", "name_prefix=Krishna%0Ax", "name_prefix=%E2%80%AEKrishna", "name_prefix=%EF%BB%BFKrishna"},
		},
		{
			"prefix-utf8", "a name_prefix that is not UTF-8", at("name_prefix", codeEncoding),
			[]string{"name_prefix=Krishna%FF", "name_prefix=%ED%A0%80", "name_prefix=%C0%AF"},
		},

		{"phone-small", "a phone below all numbers", at("phone", codeTooSmall), []string{"phone=8999999999", "phone=0"}},
		{"phone-large", "a phone above all numbers", at("phone", codeTooLarge), []string{"phone=1000000000000000", "phone=99999999999999999999999"}},
		{
			"phone-form", "a phone that is no integer in digits", at("phone", codeNotInteger),
			[]string{"phone=", "phone=9e9", "phone=9731423166.0", "phone=%2B9731423166", "phone=97314-23166", "phone=-9731423166", "phone=x"},
		},

		{"phone-prefix-empty", "a phone_prefix of nothing", at("phone_prefix", codeTooShort), []string{"phone_prefix="}},
		{"phone-prefix-long", "a phone_prefix of 16 digits", at("phone_prefix", codeTooLong), []string{"phone_prefix=9731423166123456"}},
		{
			"phone-prefix-form", "a phone_prefix that is not digits, the first not 0", at("phone_prefix", codeFormat),
			[]string{"phone_prefix=0", "phone_prefix=097", "phone_prefix=97x", "phone_prefix=97%25", "phone_prefix=%2B97", "phone_prefix=-9"},
		},

		{
			"since-form", "a since_from that is no timestamp of RFC 3339", at("since_from", codeFormat),
			[]string{
				"since_from=", "since_from=yesterday", "since_from=1662976800", "since_from=2022-09-12", "since_from=2022-09-12T10:00:00",
				"since_from=2022-09-12T10:00:00+05:30", "since_from=2022-02-30T10:00:00Z", "since_from=2022-09-12T10:00:00%2B25:00",
			},
		},
		{"since-to-form", "a since_to that is no timestamp of RFC 3339", at("since_to", codeFormat), []string{"since_to=2022-09-12T25:00:00Z"}},
		{
			"since-order", "a since_to before since_from", at("since_to", codeTooEarly),
			[]string{"since_from=2022-09-12T10:00:00Z&since_to=2022-09-12T09:59:59Z"},
		},

		{"name-short", "a name that is too short", at("name", codeTooShort), []string{"name=Krishna", "name=", "name=KrishnaMohan&name=Krishna"}},
		{"name-long", "a name that is too long", at("name", codeTooLong), []string{"name=" + strings.Repeat("x", 33)}},
		{"name-forbidden", "a name with a character that no name has", at("name", codeForbidden), []string{"name=Krishna%00Mohan"}},
		{"name-utf8", "a name that is not UTF-8", at("name", codeEncoding), []string{"name=KrishnaMohan%FF"}},
		{"names-many", "name 101 times", at("name", codeTooMany), []string{strings.Repeat("name=KrishnaMohan&", 101)}},
	}
}

// refusedEscape lets the server in front refuse what it may not pass on.
func refusedEscape(ctx context.Context, c *Client) error {
	for _, raw := range []string{"name_prefix=100%", "name_prefix=%zz", "name_prefix=%2", "limit=%", "n%zz=1"} {
		if _, err := c.send(ctx, listRaw(raw).onWire(), either([]expectation{isProblem(invalidParameter)},
			[]expectation{isProblem(invalidRequestTarget)}, []expectation{isProblem(malformedRequest)})); err != nil {
			return err
		}
	}
	return nil
}

func refusedSeveral(ctx context.Context, c *Client) error {
	_, err := c.send(ctx, listRaw("limit=0&phone=1&q=x"), isProblem(invalidParameter,
		fault{Pointer: "#/limit", Code: codeTooSmall}, fault{Pointer: "#/phone", Code: codeTooSmall},
		fault{Pointer: "#/q", Code: codeUnknownParameter}))
	return err
}

func refusedTwoFilters(ctx context.Context, c *Client) error {
	filters := [][]string{
		{"name_prefix", "Krishna"}, {"phone", "9731423166"}, {"phone_prefix", "97314"}, {"since_from", "2022-09-12T10:00:00Z"},
		{"since_to", "2022-09-12T10:00:00Z"}, {"name", "KrishnaMohan"},
	}
	for i, one := range filters {
		for _, other := range filters[i+1:] {
			if one[0] == "since_from" && other[0] == "since_to" {
				continue
			}
			if _, err := c.send(ctx, list(one[0], one[1], other[0], other[1]), isProblem(unsupportedCombo)); err != nil {
				return err
			}
		}
	}
	return nil
}
