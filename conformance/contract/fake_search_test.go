package contract_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// fakePlace is where a page ended.
type fakePlace struct {
	Name   string `json:"name"`
	Phone  uint64 `json:"phone"`
	Since  int64  `json:"since"`
	Offset int    `json:"offset"`
	Limit  int    `json:"limit"`
}

func (f *fake) search(r *http.Request) answer {
	_, raw, _ := strings.Cut(r.RequestURI, "?")
	q, refusal := f.readQuery(raw)
	if refusal != nil {
		return *refusal
	}
	var from *fakePlace
	if q.has("cursor") {
		if from = f.open(q, q.values["cursor"][0]); from == nil {
			return problem("invalid-cursor", 400)
		}
		if f.has("limit-in-cursor") {
			q.limit = from.Limit
		}
	}
	users := slices.DeleteFunc(f.population(), func(u fakeUser) bool { return !q.selects(u) })
	slices.SortFunc(users, q.order)
	users = f.behind(q, users, from)
	next := ""
	if more := len(users) > q.limit; more || f.has("next-when-full") && len(users) == q.limit {
		users = users[:q.limit]
		last := users[q.limit-1]
		place := fakePlace{Name: last.name, Phone: last.phone, Since: last.since.UnixMicro(), Limit: q.limit, Offset: q.limit}
		if from != nil {
			place.Offset += from.Offset
		}
		next = f.seal(q, place)
	}
	return f.page(q, users, next)
}

// population returns everybody, or, where a bug says so, those of a while ago.
func (f *fake) population() []fakeUser {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.snapshot == nil || !f.has("lists-late") || time.Since(f.taken) > time.Minute {
		f.taken, f.snapshot = time.Now(), []fakeUser{}
		for _, u := range f.users {
			f.snapshot = append(f.snapshot, u)
		}
	}
	return slices.Clone(f.snapshot)
}

// behind leaves out the users up to a place.
func (f *fake) behind(q fakeQuery, users []fakeUser, from *fakePlace) []fakeUser {
	if from == nil {
		return users
	}
	if f.has("offset-cursor") {
		return users[min(from.Offset, len(users)):]
	}
	at := fakeUser{name: from.Name, phone: from.Phone, since: time.UnixMicro(from.Since).UTC()}
	return slices.DeleteFunc(users, func(u fakeUser) bool {
		switch by := q.order(u, at); {
		case f.has("repeats-the-last"):
			return by < 0
		case f.has("skips-equals") && q.byPhone():
			return u.phone <= at.phone
		case f.has("loses-equals") && q.byPhone():
			return u.phone < at.phone || u.name <= at.name
		case f.has("wants-the-last") && !slices.ContainsFunc(users, func(o fakeUser) bool { return o.name == at.name }):
			return true
		default:
			return by <= 0
		}
	})
}

func (f *fake) page(q fakeQuery, users []fakeUser, next string) answer {
	records := make([]json.RawMessage, 0, len(users))
	for _, u := range users {
		records = append(records, u.record())
	}
	body := map[string]any{"users": records, "next": nil}
	a := answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}}
	if next != "" {
		body["next"] = next
		values := url.Values{}
		for name, each := range q.values {
			if name != "cursor" && (!f.has("link-forgets") || name != "name_prefix") {
				values[name] = each
			}
		}
		values.Set("cursor", next)
		a.header.Set("Link", "</user?"+values.Encode()+`>; rel="next"`)
	}
	a.body, _ = json.Marshal(body)
	return a
}

// seal makes a cursor: the place behind a sum over it, the list and a secret.
func (f *fake) seal(q fakeQuery, p fakePlace) string {
	text, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(append(f.sum(q, text), text...))
}

func (f *fake) open(q fakeQuery, cursor string) *fakePlace {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	var p fakePlace
	switch {
	case f.has("begins-anew") && (err != nil || len(raw) < sha256.Size):
		return &fakePlace{}
	case err != nil, len(raw) < sha256.Size, json.Unmarshal(raw[sha256.Size:], &p) != nil:
		return nil
	case !f.has("unsigned-cursors") && !slices.Equal(f.sum(q, raw[sha256.Size:]), raw[:sha256.Size]):
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opened == nil {
		f.opened = map[string]bool{}
	}
	if f.has("cursor-once") && f.opened[cursor] {
		return nil
	}
	f.opened[cursor] = true
	return &p
}

func (f *fake) sum(q fakeQuery, text []byte) []byte {
	binding := q.filter
	switch {
	case f.has("cursor-for-all"):
		binding = ""
	case f.has("cursor-of-spelling"):
		binding = fmt.Sprint(q.spelled)
	}
	sum := sha256.Sum256(slices.Concat([]byte("secret\x00"+binding+"\x00"), text))
	return sum[:]
}

// fakeQuery is what a query asks for.
type fakeQuery struct {
	values  map[string][]string
	limit   int
	filter  string // the list in one form
	spelled string // the query but for its cursor
	selects func(fakeUser) bool
	order   func(a, b fakeUser) int
}

func (q fakeQuery) has(parameter string) bool { return len(q.values[parameter]) > 0 }

func (q fakeQuery) byPhone() bool { return q.has("phone_prefix") }

func (f *fake) inOrder(q fakeQuery) func(a, b fakeUser) int {
	byName := func(a, b fakeUser) int {
		switch {
		case f.has("orders-by-utf16"):
			return slices.Compare(utf16Of(a.name), utf16Of(b.name))
		case f.has("orders-without-case"):
			return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.name, b.name))
		case f.has("orders-by-age"):
			return cmp.Or(a.since.Compare(b.since), strings.Compare(a.name, b.name))
		default:
			return strings.Compare(a.name, b.name)
		}
	}
	switch {
	case q.has("phone_prefix"):
		if f.has("orders-digits-as-text") {
			return func(a, b fakeUser) int { return cmp.Or(strings.Compare(digits(a), digits(b)), byName(a, b)) }
		}
		return func(a, b fakeUser) int { return cmp.Or(cmp.Compare(a.phone, b.phone), byName(a, b)) }
	case q.has("since_from") || q.has("since_to"):
		if f.has("orders-since-by-name") {
			return byName
		}
		return func(a, b fakeUser) int { return cmp.Or(a.since.Compare(b.since), byName(a, b)) }
	default:
		return byName
	}
}

func digits(u fakeUser) string { return strconv.FormatUint(u.phone, 10) }

// begins reports whether a name begins with a prefix, in the way of the fake's bug.
func (f *fake) begins(name, prefix string) bool {
	switch {
	case f.has("pads"):
		prefix = strings.TrimRight(prefix, " ")
	case f.has("prefix-anywhere"):
		return strings.Contains(name, prefix)
	case f.has("prefix-without-case"):
		return strings.HasPrefix(strings.ToLower(name), strings.ToLower(prefix))
	case f.has("prefix-without-accents"):
		return strings.HasPrefix(norm.NFD.String(name), norm.NFD.String(prefix))
	case f.has("prefix-is-pattern"):
		return pattern(prefix).MatchString(name)
	case f.has("prefix-escapes"):
		prefix = strings.ReplaceAll(prefix, `\`, "")
	case f.has("prefix-ends-at-ffff"):
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest > "\uFFFF" {
			return false
		}
	case f.has("prefix-proper"):
		return name != prefix && strings.HasPrefix(name, prefix)
	}
	return strings.HasPrefix(name, prefix)
}
