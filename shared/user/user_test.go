package user_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

// newUser returns the table's user as they joined at since.
func newUser(tb testing.TB, name string, since time.Time) user.User {
	tb.Helper()
	n, err := user.NewName(name)
	if err != nil {
		tb.Fatal(err)
	}
	phone, err := user.NewPhoneNumber(usertest.Phone)
	if err != nil {
		tb.Fatal(err)
	}
	return user.New(n, phone, since)
}

func TestNew(t *testing.T) {
	t.Parallel()
	kolkata := time.FixedZone("IST", 5*3600+1800)
	u := newUser(t, usertest.Name, time.Date(2022, 9, 12, 15, 30, 0, 123_456_999, kolkata))
	want := time.Date(2022, 9, 12, 10, 0, 0, 123_456_000, time.UTC)
	if u.Since != want { // the zone too
		t.Errorf("since = %v, want %v", u.Since, want)
	}
	if u.Version != 1 {
		t.Errorf("version = %d, want 1", u.Version)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	first := newUser(t, usertest.Name, time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC))
	changed, again := first, newUser(t, usertest.Name, first.Since.Add(time.Microsecond))
	changed.Version = 18446744073709551615
	for _, tc := range []struct {
		u    user.User
		want string
	}{
		{u: first, want: `"1662976800000000-1"`},
		{u: changed, want: `"1662976800000000-18446744073709551615"`},
		{u: again, want: `"1662976800000001-1"`},
		{u: newUser(t, usertest.Name, time.Unix(-1, 0)), want: `"-1000000-1"`},
	} {
		if got := tc.u.ETag(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	second := time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		since time.Time
		want  string
	}{
		{since: second, want: "2022-09-12T10:00:00Z"},
		{since: second.Add(time.Microsecond), want: "2022-09-12T10:00:00.000001Z"},
		{since: second.Add(120 * time.Millisecond), want: "2022-09-12T10:00:00.120000Z"},
		{since: second.Add(999_999_999), want: "2022-09-12T10:00:00.999999Z"},
		{since: second.Add(999), want: "2022-09-12T10:00:00Z"},
		{since: second.In(time.FixedZone("", -3600)), want: "2022-09-12T10:00:00Z"},
	} {
		u := newUser(t, usertest.Name, tc.since)
		u.Since = tc.since // as a careless caller may have it
		if got := u.Record().Since; got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.since, got, tc.want)
		}
		want := `{"name":"KrishnaMohan","phone":9731423166,"since":"` + tc.want + `"}`
		if got := string(u.Record().AppendJSON([]byte("before "))); got != "before "+want {
			t.Errorf("got %s, want %s", got, want)
		}
		since, err := user.ParseSince(tc.want)
		if want := tc.since.UTC().Truncate(time.Microsecond); err != nil || since != want {
			t.Errorf("%s: got %v, %v, want %v", tc.want, since, err, want)
		}
	}
}

func TestParseSinceRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2022-09-12", "2022-09-12T10:00:00", "2022-09-12 10:00:00Z", "1662976800", "2022-02-30T10:00:00Z"} {
		if got, err := user.ParseSince(s); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

// TestRecordIsJSON: the bytes are what every other JSON library would write and read.
func TestRecordIsJSON(t *testing.T) {
	t.Parallel()
	for _, n := range usertest.GoodNames() {
		sameAsEncodingJSON(t, newUser(t, n.Raw, time.Unix(1, 0)).Record())
	}
}

func FuzzRecord(f *testing.F) {
	for _, n := range usertest.GoodNames() {
		f.Add(n.Raw, uint64(usertest.Phone), int64(1662976800000000))
	}
	f.Fuzz(func(t *testing.T, raw string, phone uint64, since int64) {
		name, err := user.NewName(raw)
		if err != nil {
			return
		}
		u := user.User{Name: name, Since: time.UnixMicro(since), Version: 1}
		if u.Phone, err = user.NewPhoneNumber(phone); err != nil {
			return
		}
		if year := u.Since.UTC().Year(); year < 0 || year > 9999 {
			return // not in RFC 3339
		}
		sameAsEncodingJSON(t, u.Record())
		if got, err := user.ParseSince(u.Record().Since); err != nil || !got.Equal(u.Since) {
			t.Errorf("since came back as %v, %v, want %v", got, err, u.Since)
		}
	})
}

func sameAsEncodingJSON(t *testing.T, r user.UserRecord) {
	t.Helper()
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	got := r.AppendJSON(nil)
	if string(got)+"\n" != want.String() {
		t.Errorf("got  %s\nwant %s", got, want.String())
	}
	var back user.UserRecord
	if err := json.Unmarshal(got, &back); err != nil || back != r {
		t.Errorf("came back as %+v, %v, want %+v", back, err, r)
	}
}

// TestNothingPrintsThePhoneNumber: it is personal data, and a log line is written in a moment.
func TestNothingPrintsThePhoneNumber(t *testing.T) {
	t.Parallel()
	u := newUser(t, usertest.Name, time.Unix(1, 0))
	printed := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%o", "%b", "%08d"} {
		for what, value := range map[string]any{
			"number": u.Phone, "to number": &u.Phone, "user": u, "to user": &u, "users": []user.User{u},
			"by name": map[user.Name]user.User{u.Name: u}, "within": struct{ U user.User }{u}, "draft": user.Draft{Phone: u.Phone},
		} {
			printed[what+verb] = fmt.Sprintf(verb, value)
		}
	}
	printed["Sprint"] = fmt.Sprint(u, u.Phone)
	printed["Sprintln"] = fmt.Sprintln(&u, &u.Phone)
	printed["error"] = fmt.Errorf("about %v: %+v", u.Phone, u).Error()
	var text, object bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&object, nil)} {
		l := slog.New(h).With("user", u)
		l.Info("m", "phone", u.Phone, "to", &u.Phone, "users", []user.User{u}, slog.Group("g", "phone", u.Phone), "draft", user.Draft{Phone: u.Phone})
	}
	printed["slog text"], printed["slog JSON"] = text.String(), object.String()
	marshalled, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	printed["JSON"] = string(marshalled)

	number := fmt.Sprint(u.Phone.Uint64())
	for how, s := range printed {
		for _, leak := range []string{number, fmt.Sprintf("%x", usertest.Phone), fmt.Sprintf("%o", usertest.Phone), fmt.Sprintf("%b", usertest.Phone)} {
			if strings.Contains(strings.ToLower(s), leak) {
				t.Errorf("%s prints %s", how, s)
			}
		}
	}
	if got := u.Phone.String(); got != "[phone number]" {
		t.Errorf("String = %q", got)
	}
}
