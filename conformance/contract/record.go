package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"
)

// record is a user on the wire.
type record struct {
	Name  string `json:"name"`
	Phone uint64 `json:"phone"`
	Since string `json:"since"`
}

// sinceForm is RFC 3339 in UTC, with six digits of a second, or none where they would all be zero.
var sinceForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?Z$`)

// parseRecord reads a record: one JSON object with exactly its three members, in any order and spacing. The complaint
// says what the contract wants instead.
func parseRecord(body []byte) (r record, complaint string) {
	members, err := membersOf(body)
	if err != nil {
		return r, "a user's record as a JSON object (" + err.Error() + ")"
	}
	for _, key := range []string{"name", "phone", "since"} {
		if members[key] != 1 {
			return r, fmt.Sprintf("the member %q exactly once", key)
		}
	}
	if len(members) != 3 {
		return r, "no other members than name, phone and since"
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, "name and since as strings and phone as an integer"
	}
	if _, err := r.sinceMicros(); err != nil {
		return r, "`since` as RFC 3339 in UTC with six digits of a second, or without a fraction where that is zero"
	}
	return r, ""
}

// membersOf counts the members of a JSON object by their names.
func membersOf(body []byte) (map[string]int, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil {
		return nil, err
	} else if t != json.Delim('{') {
		return nil, errors.New("it is something else")
	}
	members := make(map[string]int)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no member's name", key)
		}
		members[name]++
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows it")
	}
	return members, nil
}

func (r record) sinceMicros() (int64, error) {
	if !sinceForm.MatchString(r.Since) {
		return 0, fmt.Errorf("%q is not a moment as records have it", r.Since)
	}
	t, err := time.Parse(time.RFC3339Nano, r.Since)
	if err != nil {
		return 0, err
	}
	if t.Nanosecond() == 0 && len(r.Since) != len("2006-01-02T15:04:05Z") {
		return 0, fmt.Errorf("the fraction of %q is zero and yet there", r.Since)
	}
	return t.UnixMicro(), nil
}

// tag returns the entity tag of a version of the user, as the contract has it.
func (r record) tag(version int) string {
	micros, err := r.sinceMicros()
	if err != nil { // parseRecord has seen to it
		return ""
	}
	return fmt.Sprintf(`"%d-%d"`, micros, version)
}

// bytes returns the record's exact form. It is only defined for names that JSON writes in one way.
func (r record) bytes() string {
	return `{"name":"` + r.Name + `","phone":` + strconv.FormatUint(r.Phone, 10) + `,"since":"` + r.Since + `"}`
}

// isRecord wants the record of a user with this name and number, and its media type.
func isRecord(name string, phone uint64) expectation {
	return func(r *response) string {
		if w := hasMedia(mediaJSON)(r); w != "" {
			return w
		}
		got, complaint := parseRecord(r.body)
		switch {
		case complaint != "":
			return complaint
		case got.Name != name:
			return fmt.Sprintf("the name %+q (it is %+q)", name, got.Name)
		case got.Phone != phone:
			return fmt.Sprintf("the phone number %d (it is %d)", phone, got.Phone)
		}
		return ""
	}
}

// isVersion wants the entity tag of a version of the user in the record that came with it.
func isVersion(version int) expectation {
	return func(r *response) string {
		got, complaint := parseRecord(r.body)
		if complaint != "" {
			return complaint
		}
		return hasHeader("ETag", got.tag(version))(r)
	}
}

// isSince wants the record's moment of joining to be this one.
func isSince(since string) expectation {
	return func(r *response) string {
		if got, complaint := parseRecord(r.body); complaint != "" {
			return complaint
		} else if got.Since != since {
			return fmt.Sprintf("`since` %s (it is %s)", since, got.Since)
		}
		return ""
	}
}

// compactForm is a record without white space, its members in their order, its name in any JSON spelling.
var compactForm = regexp.MustCompile(`^\{"name":"(?:[^"\\\x00-\x1f]|\\.)*","phone":[1-9][0-9]*,"since":"[^"\\]*"\}$`)

// isCompact wants a record's exact bytes, but for the spelling of its name.
func isCompact(r *response) string {
	if compactForm.Match(r.body) {
		return ""
	}
	return `exactly {"name":"…","phone":…,"since":"…"}, without white space, a line's end or other members`
}

// jsonString returns a string as JSON, every character that may stand for itself unescaped.
func jsonString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a string: cannot happen
		return `""`
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
