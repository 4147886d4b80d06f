package contract_test

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func fakeParameters() []string {
	return []string{"name", "name_prefix", "phone", "phone_prefix", "since_from", "since_to", "limit", "cursor"}
}

// readQuery reads a query strictly. The answer is not nil if there is something wrong.
func (f *fake) readQuery(raw string) (fakeQuery, *answer) {
	q := fakeQuery{values: map[string][]string{}, limit: 50}
	var faults []fakeFault
	fault := func(parameter, code string) {
		faults = append(faults, fakeFault{Pointer: f.pointer(parameter), Code: code})
	}
	var spelled []string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, code := f.readPair(pair)
		switch {
		case code == "" && !slices.Contains(fakeParameters(), key):
			code = "unknown-parameter"
		case code == "" && key != "name" && q.has(key):
			code = "duplicate-parameter"
		}
		if code != "" {
			if !f.has("ignores-" + code) {
				fault(key, code)
			}
			continue
		}
		if key != "cursor" {
			spelled = append(spelled, pair)
		}
		q.values[key] = append(q.values[key], value)
	}
	q.spelled = strings.Join(spelled, "&")
	f.readValues(&q, fault)
	refuse := func(kind string, faults ...fakeFault) (fakeQuery, *answer) {
		a := problem(kind, 400, faults...)
		return q, &a
	}
	switch {
	case len(faults) > 0 && f.has("lists-anyway"):
		q.selects = func(fakeUser) bool { return false }
		q.limit = max(q.limit, 1)
	case len(faults) > 1 && f.has("first-parameter-only"):
		return refuse("invalid-parameter", faults[0])
	case len(faults) > 0:
		return refuse("invalid-parameter", faults...)
	case q.families() > 1 && !f.has("combines"):
		return refuse("unsupported-combination")
	}
	q.order = f.inOrder(q)
	return q, nil
}

func (f *fake) readPair(pair string) (key, value, code string) {
	rawKey, rawValue, _ := strings.Cut(pair, "=")
	unescape := url.QueryUnescape
	if f.has("plus-is-plus") {
		unescape = url.PathUnescape
	}
	key, keyErr := unescape(rawKey)
	value, err := unescape(rawValue)
	if f.has("repairs-escapes") && (keyErr != nil || err != nil) {
		return "limit", "5", ""
	}
	if keyErr != nil {
		return rawKey, "", "encoding"
	}
	if err != nil {
		return key, "", "encoding"
	}
	return key, value, ""
}

func (q fakeQuery) families() int {
	n := 0
	for _, family := range [][]string{{"name"}, {"name_prefix"}, {"phone"}, {"phone_prefix"}, {"since_from", "since_to"}} {
		if slices.ContainsFunc(family, q.has) {
			n++
		}
	}
	return n
}

// readValues reads the values, and makes of them what the list selects.
func (f *fake) readValues(q *fakeQuery, fault func(parameter, code string)) {
	q.selects, q.filter = func(fakeUser) bool { return true }, "none"
	value := func(parameter string) string {
		if q.has(parameter) {
			return q.values[parameter][0]
		}
		return ""
	}
	narrow := func(parameter string, filter string, selects func(fakeUser) bool) {
		before := q.selects
		q.selects = func(u fakeUser) bool { return before(u) && selects(u) }
		q.filter += "\x00" + parameter + "\x00" + filter
	}
	if q.has("limit") {
		n, code := f.integer(value("limit"), 1, 500)
		if q.limit = int(n); code != "" {
			fault("limit", code)
		}
	} else if f.has("twenty-by-default") {
		q.limit = 20
	}
	if f.has("hundred-at-most") {
		q.limit = min(q.limit, 100)
	}
	if q.has("name_prefix") {
		prefix, code := f.prefix(value("name_prefix"))
		if code != "" {
			fault("name_prefix", code)
		}
		narrow("name_prefix", prefix, func(u fakeUser) bool { return f.begins(u.name, prefix) })
	}
	if q.has("phone") {
		n, code := f.integer(value("phone"), 9_000_000_000, 999_999_999_999_999)
		if code != "" {
			fault("phone", code)
		}
		narrow("phone", value("phone"), func(u fakeUser) bool { return u.phone == n })
	}
	if q.has("phone_prefix") {
		prefix := value("phone_prefix")
		if code := phonePrefixCode(prefix); code != "" {
			fault("phone_prefix", code)
		}
		narrow("phone_prefix", prefix, func(u fakeUser) bool {
			return strings.HasPrefix(digits(u), prefix) && !(f.has("phone-prefix-proper") && digits(u) == prefix)
		})
	}
	f.readMoments(q, value, fault, narrow)
	if names := q.values["name"]; len(names) > 0 {
		f.readNames(names, fault, narrow)
	}
}

func (f *fake) readMoments(q *fakeQuery, value func(string) string, fault func(string, string),
	narrow func(string, string, func(fakeUser) bool),
) {
	moments := map[string]time.Time{}
	for _, parameter := range []string{"since_from", "since_to"} {
		if !q.has(parameter) {
			continue
		}
		text := value(parameter)
		if f.has("ignores-zones") && len(text) > 6 && (text[len(text)-6] == '+' || text[len(text)-6] == '-') {
			text = text[:len(text)-6] + "Z"
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			fault(parameter, "format")
			continue
		}
		if f.has("rounds-moments") {
			at = at.Truncate(time.Second)
		}
		moments[parameter] = at
		narrow(parameter, at.UTC().String(), func(u fakeUser) bool {
			switch {
			case f.has("ignores-" + parameter), f.has("since-inclusive") && u.since.Equal(at):
				return true
			case f.has("since-exclusive") && u.since.Equal(at):
				return false
			}
			return (parameter == "since_from") == !u.since.Before(at)
		})
	}
	if from, to := moments["since_from"], moments["since_to"]; q.has("since_to") && to.Before(from) {
		if _, both := moments["since_to"]; both {
			fault("since_to", "too-early")
		}
	}
}

func (f *fake) readNames(texts []string, fault func(string, string), narrow func(string, string, func(fakeUser) bool)) {
	most := 100
	if f.has("ten-names") {
		most = 10
	}
	if len(texts) > most {
		fault("name", "too-many")
		return
	}
	var names []string
	for _, text := range texts {
		name, code := f.name(text)
		if code != "" {
			fault("name", code)
		}
		if f.has("names-as-sent") {
			name = text
		}
		names = append(names, name)
	}
	if f.has("first-name-only") {
		names = names[:1]
	}
	slices.Sort(names)
	narrow("name", strings.Join(slices.Compact(names), "\x00"), func(u fakeUser) bool { return slices.Contains(names, u.name) })
}

var plainInteger = regexp.MustCompile(`^(?:0|[1-9][0-9]*)$`)

func (f *fake) integer(text string, low, high uint64) (uint64, string) {
	if !plainInteger.MatchString(text) {
		return 0, "not-integer"
	}
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil || n > high:
		return high, "too-large"
	case n < low:
		return low, "too-small"
	}
	return n, ""
}

// prefix makes the beginning of a name of a text.
func (f *fake) prefix(s string) (prefix, code string) {
	if !utf8.ValidString(s) {
		return "", "encoding"
	}
	if !f.has("prefix-not-nfc") {
		s = norm.NFC.String(s)
	}
	if !f.has("prefix-not-trimmed") {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
	}
	least, most := 1, 32
	if f.has("prefix-is-a-name") {
		least, most = 8, 31
	}
	switch n := utf8.RuneCountInString(s); {
	case n < least:
		return "", "too-short"
	case n > most:
		return "", "too-long"
	case strings.ContainsFunc(s, f.forbidden):
		return "", "forbidden-character"
	}
	return s, ""
}

func phonePrefixCode(s string) string {
	switch {
	case s == "":
		return "too-short"
	case strings.Trim(s, "0123456789") != "" || s[0] == '0':
		return "format"
	case len(s) > 15:
		return "too-long"
	}
	return ""
}

// pattern is what a prefix means to those who do not escape it.
func pattern(prefix string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.NewReplacer("%", ".*", "_", ".", `\*`, ".*", `\?`, ".", `\[a\]`, "a").Replace(regexp.QuoteMeta(prefix)))
}

func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }
