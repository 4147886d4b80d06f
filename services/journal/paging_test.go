package journal_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/problem"
)

// insertRecord writes a row of the journal as the appender does.
const insertRecord = "INSERT INTO ums_journal (id, source, type, user, occurred_at, recorded_at, data) VALUES (?, '/test', ?, ?, ?, ?, '{}')"

func began() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// fill writes so many events, of few users and types, a minute apart: every third is of nobody.
func (b *backend) fill(tb testing.TB, count int) {
	tb.Helper()
	for i := range count {
		user := any([]string{"KrishnaMohan", "AnotherUser"}[i%2])
		if i%3 == 2 {
			user = nil
		}
		at := b.db.Dialect.Time(began().Add(time.Duration(i) * time.Minute))
		b.execute(tb, insertRecord, uuid.NewString(), []string{event.TypeFound, event.TypeSearched, "x.y"}[i%3], user, at, at)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		b.fill(t, 60)
		s := start(t, b, options{})
		all := b.recorded(t)
		pick := func(keep func(i int) bool) (ids []string) {
			for i, id := range all {
				if keep(i) {
					ids = append(ids, id)
				}
			}
			return ids
		}
		at := func(i int) string { return began().Add(time.Duration(i) * time.Minute).Format(time.RFC3339) }
		for _, tc := range []struct {
			query []string
			keep  func(i int) bool
		}{
			{nil, func(int) bool { return true }},
			{[]string{"user", "KrishnaMohan"}, func(i int) bool { return i%2 == 0 && i%3 != 2 }},
			{[]string{"type", event.TypeFound}, func(i int) bool { return i%3 == 0 }},
			{[]string{"user", "KrishnaMohan", "type", event.TypeFound}, func(i int) bool { return i%6 == 0 }},
			{[]string{"user", "NobodyAtAll"}, func(int) bool { return false }},
			{[]string{"type", "com.example.unknown"}, func(int) bool { return false }},
			{[]string{"from", at(10)}, func(i int) bool { return i >= 10 }},
			{[]string{"to", at(10)}, func(i int) bool { return i < 10 }},
			{[]string{"from", at(10), "to", at(30)}, func(i int) bool { return i >= 10 && i < 30 }},
			{[]string{"from", at(10), "to", at(10)}, func(int) bool { return false }},
			{[]string{"from", "2026-01-02T03:14:05.000000001Z"}, func(i int) bool { return i > 10 }},
			{[]string{"from", "2026-01-02T08:44:05+05:30"}, func(i int) bool { return i >= 10 }},
			{[]string{"from", at(1000)}, func(int) bool { return false }},
			{[]string{"from", "0001-01-01T00:00:00Z", "to", "9999-12-31T23:59:59.9999999Z"}, func(int) bool { return true }},
			{[]string{"user", "AnotherUser", "from", at(10), "to", at(30), "type", event.TypeSearched}, func(i int) bool { return i >= 10 && i < 30 && i%2 == 1 && i%3 == 1 }},
		} {
			for _, limit := range []int{1, 7, 59, 60, 500} {
				for _, order := range []string{"", "asc", "desc"} {
					query := append(slices.Clip(tc.query), "limit", strconv.Itoa(limit))
					want := pick(tc.keep)
					if order != "" {
						query = append(query, "order", order)
					}
					if order == "desc" {
						slices.Reverse(want)
					}
					if got := (page{Events: s.list(t, query...)}).ids(); !slices.Equal(got, want) {
						t.Errorf("%v: %d events %v, want %d %v", query, len(got), got, len(want), want)
					}
				}
			}
		}
		if got := s.get(t).page(t); len(got.Events) != 50 {
			t.Errorf("without a limit there are %d events, want 50", len(got.Events))
		}
	})
}

// TestWire reads one event, whole, in the list and by its id.
func TestWire(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		id := "01939d8e-7c1a-7c3e-9f52-8f1f2f7f0a01"
		now := began().Add(123 * time.Millisecond)
		s := start(t, b, options{now: func() time.Time { return now }})
		const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		b.execute(t, "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, actor, request_id, traceparent, occurred_at) "+
			"VALUES (?, 'user', ?, ?, ?, 'someone', 'r-1', ?, ?)", id, `Krishna "Mohan" ✓`, event.TypeAdded, "{ \"phone\": 9000000000,\n\"x\":1}", trace, b.db.Dialect.Time(began()))
		b.waitFor(t, 1)
		want := `{"specversion":"1.0","id":"` + id + `","source":"/ums/add","type":"com.glarimy.ums.user.added",` +
			`"subject":"Krishna \"Mohan\" ✓","time":"2026-01-02T03:04:05.000000Z","sequence":"00000000000000000001",` +
			`"actor":"someone","requestid":"r-1","traceparent":"` + trace + `","recordedtime":"2026-01-02T03:04:05.123000Z",` +
			`"position":"1","data":{ "phone": 9000000000,` + "\n" + `"x":1}}`
		one := s.send(t, http.MethodGet, "/journal/"+id)
		if one.body != want {
			t.Errorf("the event is\n%s\nwant\n%s", one.body, want)
		}
		one.decode(t, new(wireEvent))
		if list := s.get(t); list.body != `{"events":[`+want+`],"next":null}` {
			t.Errorf("the list is %s", list.body)
		}
		for _, target := range []string{"/journal", "/journal/" + id, "/journal/stream"} {
			head := s.send(t, http.MethodHead, target)
			if head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Type") == "" {
				t.Errorf("HEAD %s: %d %q", target, head.status, head.body)
			}
		}
		for _, absent := range []string{
			"01939d8e-7c1a-7c3e-9f52-8f1f2f7f0a02", "1", "KrishnaMohan", "%ED", "01939D8E-7C1A-7C3E-9F52-8F1F2F7F0A01", "%2e%2e", "ಕೃಷ್ಣ",
		} {
			s.send(t, http.MethodGet, "/journal/"+absent).wantProblem(t, problem.EventNotFound)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	b.fill(t, 3)
	s := start(t, b, options{})
	for query, want := range map[string][]string{
		"limit=0":                         {"#/limit too-small"},
		"limit=501":                       {"#/limit too-large"},
		"limit=99999999999999999999":      {"#/limit too-large"},
		"limit=ten":                       {"#/limit not-integer"},
		"limit=":                          {"#/limit not-integer"},
		"limit=5&limit=5":                 {"#/limit duplicate-parameter"},
		"user=short":                      {"#/user too-short"},
		"user=":                           {"#/user too-short"},
		"user=%FFKrishnaMohan":            {"#/user encoding"},
		"type=":                           {"#/type format"},
		"type=%E2%9C%93":                  {"#/type format"},
		"order=newest":                    {"#/order format"},
		"from=yesterday&to=2026-01-02":    {"#/from format", "#/to format"},
		"from=2026-01-02T03:04:05%2B0530": {"#/from format"},
		"from=2026-01-02T03:04:05Z&to=2026-01-01T03:04:05Z": {"#/to too-early"},
		"name=KrishnaMohan": {"#/name unknown-parameter"},
		"User=KrishnaMohan": {"#/User unknown-parameter"},
		"%zz=1":             {"#/%25zz encoding"},
		"offset=3&limit=x":  {"#/offset unknown-parameter", "#/limit not-integer"},
	} {
		if got := s.send(t, http.MethodGet, "/journal?"+query).wantProblem(t, problem.InvalidParameter); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	next := *s.get(t, "limit", "1").page(t).Next
	s.get(t, "limit", "2", "cursor", next).page(t)
	for _, query := range [][]string{
		{"cursor", ""},
		{"cursor", next + "A"},
		{"cursor", "x" + next[1:]},
		{"cursor", next, "order", "desc"},
		{"cursor", next, "user", "KrishnaMohan"},
		{"cursor", next, "type", event.TypeFound},
		{"cursor", next, "from", "2026-01-02T03:04:05Z"},
		{"cursor", next, "to", "2027-01-02T03:04:05Z"},
	} {
		s.get(t, query...).wantProblem(t, problem.InvalidCursor)
	}
	start(t, b, options{keys: key(2)}).get(t, "cursor", next).wantProblem(t, problem.InvalidCursor)
	start(t, b, options{keys: key(2) + "," + key(1)}).get(t, "cursor", next).page(t)
	s.send(t, http.MethodPost, "/journal").wantProblem(t, problem.MethodNotAllowed)
	s.send(t, http.MethodDelete, "/journal/stream").wantProblem(t, problem.MethodNotAllowed)
	s.send(t, http.MethodGet, "/journal/").wantProblem(t, problem.RouteNotFound)
}

// TestPagingWhileEventsAreRecorded pages through a journal that grows: nothing is passed over or seen twice.
func TestPagingWhileEventsAreRecorded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		s := start(t, b, options{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for range 150 {
				if _, err := b.add("KrishnaMohan", "AnotherUser", "KrishnaMohan"); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		}()
		for writing := true; writing; {
			select {
			case <-ended:
				writing = false
			default:
			}
			got := page{Events: s.list(t, "limit", "20")}.ids()
			if all := b.recorded(t); !slices.Equal(got, all[:len(got)]) {
				t.Fatal("the pages are not the beginning of the journal")
			}
		}
		b.waitFor(t, 450)
		if got := s.list(t, "user", "KrishnaMohan", "limit", "33"); len(got) != 300 {
			t.Errorf("%d events of one user, want 300", len(got))
		}
	})
}
