package journal_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// stream is a client of server-sent events.
type stream struct {
	body   io.ReadCloser
	lines  *bufio.Reader
	closed func()
}

// follow opens a stream. The query's parameters are pairs of name and value; last is the Last-Event-ID, if any.
func (s *service) follow(tb testing.TB, last string, parameters ...string) *stream {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/journal/stream?"+encode(parameters...), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	response, err := s.transport(tb).RoundTrip(r)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { cancel(); _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" ||
		response.Header.Get("Cache-Control") != "no-store" {
		tb.Fatalf("the stream is answered with %d %v", response.StatusCode, response.Header)
	}
	st := &stream{body: response.Body, lines: bufio.NewReader(response.Body), closed: cancel}
	if got := st.block(tb); got["retry"] != "2000" {
		tb.Errorf("the stream begins with %v, want retry", got)
	}
	return st
}

// block reads up to the next empty line and returns its fields; a comment has the name "".
func (s *stream) block(tb testing.TB) map[string]string {
	tb.Helper()
	block, err := s.next()
	if err != nil {
		tb.Fatalf("read the stream: %v", err)
	}
	return block
}

func (s *stream) next() (map[string]string, error) {
	block := map[string]string{}
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			return block, nil
		}
		name, value, _ := strings.Cut(line, ":")
		block[name] = strings.TrimPrefix(value, " ")
	}
}

// event reads the next event, passing over comments.
func (s *stream) event() (wireEvent, error) {
	for {
		block, err := s.next()
		if err != nil {
			return wireEvent{}, err
		}
		if block["data"] == "" {
			continue
		}
		var e wireEvent
		if err := json.Unmarshal([]byte(block["data"]), &e); err != nil {
			return e, fmt.Errorf("the data %s: %w", block["data"], err)
		}
		if block["id"] != e.Position || block["event"] != e.Type {
			return e, fmt.Errorf("id %s and event %s do not fit %+v", block["id"], block["event"], e)
		}
		return e, nil
	}
}

// take reads so many events and returns their ids.
func (s *stream) take(tb testing.TB, count int) (ids []string) {
	tb.Helper()
	for range count {
		e, err := s.event()
		if err != nil {
			tb.Fatalf("after %d events of %d: %v", len(ids), count, err)
		}
		ids = append(ids, e.ID)
	}
	return ids
}

func TestStream(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		b.write(t, "KrishnaMohan", "AnotherUser")
		s := start(t, b, options{})
		b.waitFor(t, 2)
		elsewhere := start(t, b, options{db: servicetest.OpenDB(t, b.sqlURL)}) // one of them does not append
		all, mine := s.follow(t, ""), elsewhere.follow(t, "", "user", "KrishnaMohan", "type", event.TypeChanged)
		early := elsewhere.follow(t, "0")
		ids := append(b.write(t, "AnotherUser", "KrishnaMohan"), b.write(t, "KrishnaMohan")...)
		if got := all.take(t, 3); !slices.Equal(got, ids) {
			t.Errorf("from now on: %v, want %v", got, ids)
		}
		if got := mine.take(t, 2); !slices.Equal(got, ids[1:]) {
			t.Errorf("of one user: %v, want %v", got, ids[1:])
		}
		if got, want := early.take(t, 5), b.recorded(t); !slices.Equal(got, want) {
			t.Errorf("from the beginning: %v, want %v", got, want)
		}
		if n := s.metric(t, "ums_journal_streams"); n != 1 {
			t.Errorf("%v streams are open, want 1", n)
		}
		all.closed()
		servicetest.Eventually(t, "the stream is closed", func() bool { return s.metric(t, "ums_journal_streams") == 0 })
	})
}

// TestStreamsFromAnEmptyJournal begin with its first event.
func TestStreamsFromAnEmptyJournal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		s := start(t, b, options{})
		now, beginning := s.follow(t, ""), s.follow(t, "0", "user", "KrishnaMohan")
		ids := b.write(t, "AnotherUser", "KrishnaMohan")
		if got := now.take(t, 2); !slices.Equal(got, ids) {
			t.Errorf("got %v, want %v", got, ids)
		}
		if got := beginning.take(t, 1); got[0] != ids[1] {
			t.Errorf("got %v, want %s", got, ids[1])
		}
	})
}

// TestResume breaks streams off and goes on with them, at other replicas, while events are recorded: none may be missing or
// come twice.
func TestResume(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		replicas := []*service{start(t, b, options{}), start(t, b, options{db: servicetest.OpenDB(t, b.sqlURL)})}
		const writes, clients = 300, 4
		var all sync.WaitGroup
		all.Go(func() {
			for range writes {
				if _, err := b.add("KrishnaMohan", "AnotherUser", "KrishnaMohan"); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
		got := make([][]string, clients)
		for i := range clients {
			last, query, want := "0", []string(nil), 3*writes
			if i%2 == 1 {
				query, want = []string{"user", "KrishnaMohan"}, 2*writes
			}
			all.Go(func() {
				for len(got[i]) < want {
					st := replicas[rand.N(2)].follow(t, last, query...)
					for range min(1+rand.N(200), want-len(got[i])) {
						e, err := st.event()
						if err != nil {
							t.Errorf("read: %v", err)
							return
						}
						got[i], last = append(got[i], e.ID), e.Position
					}
					st.closed()
				}
			})
		}
		all.Wait()
		want := b.recorded(t)
		mine := page{Events: replicas[0].list(t, "user", "KrishnaMohan", "limit", "500")}.ids()
		for i := range clients {
			if i%2 == 1 && !slices.Equal(got[i], mine) || i%2 == 0 && !slices.Equal(got[i], want) {
				t.Errorf("client %d has %d events, not those of the journal in its order", i, len(got[i]))
			}
		}
	})
}

// TestAFarBehindStreamReadsTheTable begins further back than the process remembers.
func TestAFarBehindStreamReadsTheTable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		s := start(t, b, options{})
		opened := s.follow(t, "") // so that the tail remembers
		total := 0
		for range 12 {
			b.write(t, slices.Repeat([]string{"KrishnaMohan", "AnotherUser"}, 250)...)
			total += 500
			b.waitFor(t, total)
		}
		rare := b.write(t, "RareUser1")
		want := append(b.recorded(t), rare...)
		if got := s.follow(t, "0").take(t, total+1); !slices.Equal(got, want[:total+1]) {
			t.Error("the stream is not the journal")
		}
		if got := opened.take(t, total+1); !slices.Equal(got, want[:total+1]) {
			t.Error("the stream that was open is not the journal")
		}
		if got := s.follow(t, "3", "user", "RareUser1").take(t, 1); got[0] != rare[0] {
			t.Errorf("got %v, want %v", got, rare)
		}
	})
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	s := start(t, b, options{streams: journal.StreamConfig{Heartbeat: 10 * time.Millisecond}})
	st := s.follow(t, "")
	for range 3 {
		if block := st.block(t); block[""] != "heartbeat" || len(block) != 1 {
			t.Errorf("in the silence came %v", block)
		}
	}
	id := b.write(t, "KrishnaMohan")[0]
	if got := st.take(t, 1); got[0] != id {
		t.Errorf("between heartbeats came %v, want %s", got, id)
	}
}

// TestASlowClientIsDropped has one client that does not read at all, and one beside it that does.
func TestASlowClientIsDropped(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	s := start(t, b, options{streams: journal.StreamConfig{WriteTimeout: 300 * time.Millisecond}})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /journal/stream HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := s.follow(t, "")
	servicetest.Eventually(t, "both are open", func() bool { return s.metric(t, "ums_journal_streams") == 2 })
	payload := `{"padding":"` + strings.Repeat("x", 60_000) + `"}`
	written := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := reader.event(); err != nil {
				return
			}
		}
	}()
	for s.metric(t, "ums_journal_streams_dropped_total") == 0 && written < 2000 {
		b.execute(t, insertOutbox, strconv.Itoa(written), "KrishnaMohan", event.TypeChanged, payload, b.db.Dialect.Time(time.Now()))
		written++
	}
	if n := s.metric(t, "ums_journal_streams_dropped_total"); n != 1 {
		t.Fatalf("%v streams were dropped, want 1", n)
	}
	servicetest.Eventually(t, "the other has all", func() bool { return s.metric(t, "ums_journal_streams") == 1 })
	if n, err := io.Copy(io.Discard, conn); err == nil && n == 0 {
		t.Error("the slow client was not served at all")
	}
	s.stop()
	<-done
	t.Logf("dropped after %d events of 60 kB", written)
}

// TestStreamsEndWithTheServer finds that a stop does not wait for clients.
func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	s := start(t, b, options{})
	st := s.follow(t, "")
	id := b.write(t, "KrishnaMohan")[0]
	if got := st.take(t, 1); got[0] != id {
		t.Errorf("got %v, want %s", got, id)
	}
	s.stop()
	if _, err := st.next(); err != io.EOF {
		t.Errorf("the stream ended with %v, want a proper end", err)
	}
}

func TestStreamRefusals(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	b.fill(t, 3)
	s := start(t, b, options{streams: journal.StreamConfig{Most: 1}})
	for _, query := range []string{"limit=1", "from=2026-01-02T03:04:05Z", "user=short", "type="} {
		s.send(t, http.MethodGet, "/journal/stream?"+query).wantProblem(t, problem.InvalidParameter)
	}
	for _, last := range []string{"x", "-1", "4", "03", "99999999999999999999", "01939d8e-7c1a-7c3e-9f52-8f1f2f7f0a01"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/journal/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", last)
		response, err := s.transport(t).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("Last-Event-ID %q: %d", last, response.StatusCode)
		}
		_ = response.Body.Close()
	}
	servicetest.Eventually(t, "no stream is open", func() bool { return s.metric(t, "ums_journal_streams") == 0 })
	s.follow(t, "3")
	s.send(t, http.MethodGet, "/journal/stream").wantProblem(t, problem.Unavailable)
}
