package contract_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fakeFault is what is wrong with one field.
type fakeFault struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
}

type document struct {
	name  string
	phone uint64
}

// decode reads an object of exactly these fields. The answer is not nil if it is something else.
func (f *fake) decode(body []byte, fields ...string) (d document, refusal *answer) {
	refuse := func(kind string, faults ...fakeFault) (document, *answer) {
		a := problem(kind, 400, faults...)
		return d, &a
	}
	if f.has("accepts-everything") {
		return document{name: "conf" + strconv.Itoa(int(f.requests.Load())) + "anybody", phone: 9_000_000_000}, nil
	}
	if f.has("everything-malformed") {
		return refuse("malformed-json")
	}
	members, ok := f.members(body)
	if !ok {
		return refuse("malformed-json")
	}
	var faults []fakeFault
	seen := map[string]bool{}
	for _, m := range members {
		key := m.key
		if f.has("folds-fields") {
			key = strings.ToLower(key)
		}
		code := ""
		switch known := slices.Contains(fields, key); {
		case !known && (key == "name" || key == "phone" || key == "since"):
			code = "read-only"
			if f.has("ignores-read-only") {
				code = ""
			}
		case !known:
			code = "unknown-field"
			if f.has("ignores-unknown") {
				code = ""
			}
		case seen[key] && !f.has("last-wins"):
			code = "duplicate-field"
		case key == "name":
			d.name, code = f.nameField(m.value)
		case key == "phone":
			d.phone, code = f.phoneField(m.value)
		}
		seen[key] = true
		if code != "" {
			faults = append(faults, fakeFault{Pointer: f.pointer(key), Code: code})
		}
	}
	for _, field := range fields {
		if !seen[field] {
			faults = append(faults, fakeFault{Pointer: "#/" + field, Code: "required"})
		}
	}
	switch {
	case len(faults) == 0:
		return d, nil
	case f.has("first-fault-only"):
		return refuse("validation", faults[0])
	}
	return refuse("validation", faults...)
}

func (f *fake) pointer(key string) string {
	if f.has("raw-pointer") {
		return "#/" + key
	}
	return "#/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

type member struct {
	key   string
	value json.RawMessage
}

// members reads a JSON object strictly: RFC 8259, and RFC 7493 as to its text.
func (f *fake) members(body []byte) ([]member, bool) {
	if f.has("first-object") { // what follows is not looked at
		d := json.NewDecoder(bytes.NewReader(body))
		var first json.RawMessage
		if d.Decode(&first) == nil {
			body = first
		}
	}
	if !f.has("replaces-bad-text") && (!utf8.Valid(body) || loneSurrogate(body)) {
		return nil, false
	}
	if f.has("drops-nul") {
		body = bytes.ReplaceAll(body, []byte{0}, nil)
	}
	if f.has("escapes-controls") {
		body = rawControl.ReplaceAll(body, []byte(`\u0020`))
	}
	if !json.Valid(body) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, f.has("null-is-empty") && strings.TrimSpace(string(body)) == "null"
	}
	var members []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		members = append(members, member{key.(string), value})
	}
	_, err := d.Token()
	return members, err == nil || err == io.EOF
}

var (
	rawControl = regexp.MustCompile(`[\x01-\x1f]`)
	escape     = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)
)

// loneSurrogate reports whether an escape stands for half a character.
func loneSurrogate(body []byte) bool {
	high, end := false, 0
	for _, at := range escape.FindAllIndex(body, -1) {
		unit, err := strconv.ParseUint(strings.TrimPrefix(string(body[at[0]:at[1]]), `\u`), 16, 16)
		switch {
		case high && (err != nil || at[0] != end || unit < 0xDC00 || unit > 0xDFFF):
			return true
		case high:
			high = false
		case err == nil && at[1]-at[0] == 6 && utf16.IsSurrogate(rune(unit)):
			if unit >= 0xDC00 {
				return true
			}
			high, end = true, at[1]
		}
	}
	return high
}

func (f *fake) nameField(v json.RawMessage) (name, code string) {
	if v[0] != '"' {
		if f.has("stringifies-name") {
			return f.name(string(v))
		}
		return "", "type"
	}
	var s string
	_ = json.Unmarshal(v, &s)
	return f.name(s)
}

var integer = regexp.MustCompile(`^-?[0-9]+$`)

func (f *fake) phoneField(v json.RawMessage) (phone uint64, code string) {
	literal := string(v)
	if f.has("parses-strings") {
		literal = strings.Trim(literal, `"`)
	}
	if f.has("null-is-zero") && literal == "null" {
		return 9_000_000_000, ""
	}
	if c := literal; c == "" || c[0] != '-' && (c[0] < '0' || c[0] > '9') {
		return 0, "type"
	}
	if !integer.MatchString(literal) {
		if x, err := strconv.ParseFloat(literal, 64); f.has("floats") && (err == nil || x > 0) {
			return uint64(min(max(x, 9e9), 999_999_999_999_999)), ""
		}
		return 0, "not-integer"
	}
	n, _ := new(big.Int).SetString(literal, 10)
	if f.has("wraps-around") {
		n.And(n, new(big.Int).SetUint64(^uint64(0)))
	}
	if f.has("absolute") {
		n.Abs(n)
	}
	switch {
	case n.Cmp(big.NewInt(9_000_000_000)) < 0 && !f.has("no-lower-bound"):
		return 0, "too-small"
	case n.Cmp(big.NewInt(999_999_999_999_999)) > 0 && !f.has("no-upper-bound"):
		return 0, "too-large"
	}
	return n.Uint64(), ""
}

// name makes a name of a text.
func (f *fake) name(s string) (name, code string) {
	if !utf8.ValidString(s) && !f.has("replaces-bad-text") {
		return "", "encoding"
	}
	switch {
	case f.has("nfkc"):
		s = norm.NFKC.String(s)
	case f.has("nfd"):
		s = norm.NFD.String(s)
	case f.has("nfc-after-count"), f.has("no-nfc"):
	default:
		s = norm.NFC.String(s)
	}
	s = strings.TrimFunc(s, f.trimmed)
	if f.has("collapses-space") {
		s = strings.Join(strings.Fields(s), " ")
	}
	if f.has("strips-joiners") {
		s = strings.NewReplacer("\u200d", "", "\u200c", "").Replace(s)
	}
	switch n := f.count(s); {
	case n < 8 && !f.has("no-shortest"):
		return "", "too-short"
	case n > 32 && !f.has("no-longest"):
		return "", "too-long"
	}
	if f.has("strips-forbidden") {
		s = strings.Map(func(r rune) rune {
			if f.forbidden(r) {
				return -1
			}
			return r
		}, s)
	}
	if strings.ContainsFunc(s, f.forbidden) && !f.has("no-forbidden") {
		return "", "forbidden-character"
	}
	if f.has("nfc-after-count") {
		s = norm.NFC.String(s)
	}
	return s, ""
}

func (f *fake) trimmed(r rune) bool {
	switch f.bug {
	case "trims-ascii":
		return r < 0x80 && unicode.IsSpace(r)
	case "trims-as-python":
		return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
	case "trims-as-javascript":
		return r == 0xfeff || unicode.IsSpace(r) && r != 0x85
	case "trims-as-java":
		return r <= ' '
	case "trims-nothing":
		return false
	}
	return unicode.IsSpace(r)
}

func (f *fake) count(s string) int {
	switch f.bug {
	case "counts-bytes":
		return len(s)
	case "counts-utf16":
		return len(utf16.Encode([]rune(s)))
	case "counts-graphemes": // roughly
		n := 0
		for _, r := range s {
			if !unicode.Is(unicode.M, r) {
				n++
			}
		}
		return n
	}
	return utf8.RuneCountInString(s)
}

func (f *fake) forbidden(r rune) bool {
	var class string
	switch {
	case unicode.Is(unicode.Cc, r):
		class = "allows-controls"
	case r == 0x2028 || r == 0x2029:
		class = "allows-separators"
	case r == 0xfeff:
		class = "allows-bom"
	case unicode.Is(unicode.Bidi_Control, r):
		class = "allows-bidi"
	case unicode.Is(unicode.Noncharacter_Code_Point, r):
		class = "allows-noncharacters"
	case unicode.Is(unicode.Cf, r):
		return f.has("forbids-format")
	default:
		return false
	}
	return !f.has(class)
}

// identity is what a name is looked up by.
func (f *fake) identity(name string) string {
	switch f.bug {
	case "ignores-case":
		return strings.ToLower(name)
	case "ignores-accents":
		return strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(name))
	case "ignores-width":
		return norm.NFKC.String(name)
	case "sharp-s":
		return strings.ReplaceAll(name, "ß", "ss")
	case "ignores-astral":
		return strings.Map(func(r rune) rune {
			if r > 0xffff {
				return '\ufffd'
			}
			return r
		}, name)
	case "ignores-joiners":
		return strings.ReplaceAll(name, "\u200d", "")
	case "ignores-space":
		return strings.Join(strings.Fields(name), " ")
	}
	return name
}
