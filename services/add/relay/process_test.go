package relay_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/bus/transporttest"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/lease"
	"github.com/glarimy/ums/shared/servicetest"
)

// processMode is the variable that makes this test program a relay.
const (
	processMode = "UMS_TEST_RELAY"
	modeMain    = "main" // the command as it is
	modeHold    = "hold" // a relay that never returns from a call to the bus, and prints that the bus has the events
)

const holding = "holding"

func process(mode string) int {
	run := relay.Main
	if mode == modeHold {
		run = hold
	}
	if err := run(context.Background(), nil, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// hold is a relay that can be killed between publishing and marking.
func hold(ctx context.Context, _ []string, getenv func(string) string, stdout io.Writer) error {
	db, err := database.Config{URL: getenv("DATABASE_URL")}.Open()
	if err != nil {
		return err
	}
	events, err := transport.Config{URL: getenv("EVENTS_URL")}.Open(transport.Dependencies{})
	if err != nil {
		return err
	}
	leaseTime, err := time.ParseDuration(getenv("RELAY_LEASE_TIME"))
	if err != nil {
		return err
	}
	r, err := relay.New(relay.Config{LeaseTime: leaseTime}, relay.Dependencies{
		DB: db, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: time.Now,
		Bus: busFunc(func(ctx context.Context, sent []event.Event) []error {
			if results := events.Publish(ctx, sent); results != nil {
				return results
			}
			fmt.Fprintln(stdout, holding)
			select {}
		}),
	})
	if err != nil {
		return err
	}
	return r.Run(ctx)
}

// program is a relay in a process of its own.
type program struct {
	command *exec.Cmd
	lines   *bufio.Scanner
	kill    func() // as kill -9 does, and waits for the end
}

// launch starts a program. It is killed when t ends, if it still runs.
func launch(t *testing.T, mode string, s store, eventsURL string, more ...string) *program {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append([]string{
		processMode + "=" + mode, "DATABASE_URL=" + s.url, "EVENTS_URL=" + eventsURL, "LOG_FORMAT=json",
		"ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0",
	}, more...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{command: c, lines: bufio.NewScanner(out)}
	p.kill = sync.OnceFunc(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	t.Cleanup(p.kill)
	return p
}

// until returns the first line that matches, and goes on reading what follows it. A program that does not print one in time
// is killed.
func (p *program) until(t *testing.T, form string) []string {
	t.Helper()
	defer time.AfterFunc(2*servicetest.Patience, p.kill).Stop()
	wanted := regexp.MustCompile(form)
	for p.lines.Scan() {
		if found := wanted.FindStringSubmatch(p.lines.Text()); found != nil {
			go func() {
				for p.lines.Scan() { // so that the program never waits for its reader
				}
			}()
			return found
		}
	}
	t.Fatalf("the program ended, or was killed after %s, before it printed %q", 2*servicetest.Patience, form)
	return nil
}

// onEachBus runs a test on a new database of each kind and each bus.
func onEachBus(t *testing.T, test func(t *testing.T, s store, events *transporttest.Server)) {
	t.Helper()
	for name, backends := range map[string]struct {
		store  func(*testing.T) store
		events func(testing.TB) *transporttest.Server
	}{
		"MySQL and Redis":             {onMySQL, transporttest.Redis},
		"MySQL and Kafka":             {onMySQL, transporttest.Kafka},
		"SQLite and Redis":            {onSQLite, transporttest.Redis},
		"SQLite and in-process Kafka": {onSQLite, transporttest.InProcessKafka},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, backends.store(t), backends.events(t))
		})
	}
}

// TestAnotherProcessTakesOver kills the relay that leads, with the lease time that users have. A machine that stands still
// makes some successors late, but not each, and has the lease change hands at times.
func TestAnotherProcessTakesOver(t *testing.T) {
	t.Parallel()
	onEachBus(t, func(t *testing.T, s store, server *transporttest.Server) {
		relays := map[int]*program{}
		launchOne := func() {
			p := launch(t, modeMain, s, server.URL)
			p.until(t, `"serving"`)
			relays[p.command.Process.Pid] = p
		}
		launchOne()
		launchOne()
		const most, rounds = 5 * time.Second, 3
		var written []string
		for round := 1; ; round++ {
			before, had := holder(t, s), len(server.Events(t))
			written = append(written, s.writeAll(t, many("User", 100)...)...)
			servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
			came := len(server.Events(t)) - had
			if holder(t, s) == before {
				if came != 100 {
					t.Errorf("%d events came to the bus, 100 were written: both relays work", came)
				}
				break
			}
			if round == rounds {
				t.Fatal("the lease does not stay with one of them")
			}
		}

		var took []time.Duration
		for len(took) == 0 || len(took) < rounds && slices.Min(took) > most {
			if len(took) > 0 {
				launchOne()
			}
			leader := relays[processOf(t, holder(t, s))]
			if leader == nil {
				t.Fatalf("the leader is none of the processes")
			}
			leader.kill()
			killed := time.Now()
			written = append(written, s.write(t, "User 000001"))
			servicetest.Eventually(t, "the other has taken over", func() bool { return s.unpublished(t) == 0 })
			took = append(took, time.Since(killed))
		}
		t.Logf("%s: the other took over %s after kill -9", s.db.Dialect, took)
		if slices.Min(took) > most {
			t.Errorf("it took over after %s, want %s at most", took, most)
		}
		compare(t, written, server.Events(t))
	})
}

// holder waits until a relay leads and returns how the lease tells of it.
func holder(t *testing.T, s store) string {
	t.Helper()
	var state lease.State
	servicetest.Eventually(t, "a relay leads", func() bool {
		var err error
		if state, err = lease.Read(t.Context(), s.db, "relay"); err != nil {
			t.Fatal(err)
		}
		return state.Live
	})
	return state.Holder
}

// processOf returns the process of a holder.
func processOf(t *testing.T, holder string) int {
	t.Helper()
	parts := strings.Split(holder, "/")
	if len(parts) != 3 {
		t.Fatalf("the holder is %q", holder)
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestKilledBetweenPublishingAndMarking kills twenty processes at the worst moment.
func TestKilledBetweenPublishingAndMarking(t *testing.T) {
	t.Parallel()
	onEachBus(t, func(t *testing.T, s store, server *transporttest.Server) {
		kills := 20
		if testing.Short() {
			kills = 3
		}
		var written []string
		for i := range kills {
			written = append(written, s.writeAll(t, many("User", 5)...)...)
			p := launch(t, modeHold, s, server.URL, fmt.Sprintf("RELAY_LEASE_TIME=%s", longLease))
			p.until(t, holding)
			p.kill()
			s.execute(t, s.endOfLease())
			if got := s.unpublished(t); got != 5*(i+1) {
				t.Fatalf("after kill %d, %d events are not marked, want %d", i+1, got, 5*(i+1))
			}
		}
		start(t, s, server.Open(t, transport.Dependencies{}), options{})
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		again := compare(t, written, server.Events(t))
		t.Logf("%d times kill -9 on %s: no event lost, %d published more than once", kills, s.db.Dialect, again)
	})
}

// TestTheProgram looks at the relay's command from outside: ready without a bus, its metrics told, its stop clean.
func TestTheProgram(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	p := launch(t, modeMain, s, "redis://127.0.0.1:1/0")
	at := p.until(t, `"serving".*"addr":"([^"]+)","admin_addr":"([^"]+)"`)
	s.write(t, "User")
	servicetest.Eventually(t, "it is ready though its bus is away", func() bool {
		status, _ := get(t, "http://"+at[1]+"/readyz")
		return status == http.StatusOK
	})
	servicetest.Eventually(t, "the lag is told", func() bool {
		_, body := get(t, "http://"+at[2]+"/metrics")
		return strings.Contains(body, "\nums_relay_leader 1\n") && !strings.Contains(body, "\nums_relay_lag_seconds 0\n")
	})
	if status, _ := get(t, "http://"+at[1]+"/user/KrishnaMohan"); status != http.StatusNotFound {
		t.Errorf("GET of a user = %d, want 404", status)
	}
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = p.command.Wait()
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestTheProgramTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  map[string]string
		want string
	}{
		"no database":   {map[string]string{"EVENTS_URL": "redis://x"}, "DATABASE_URL"},
		"no bus":        {map[string]string{"DATABASE_URL": "sqlite://x.db"}, "EVENTS_URL is not set"},
		"another bus":   {map[string]string{"DATABASE_URL": "sqlite://x.db", "EVENTS_URL": "nats://x"}, "EVENTS_URL must begin"},
		"a short lease": {map[string]string{"DATABASE_URL": "sqlite://x.db", "EVENTS_URL": "redis://x", "RELAY_LEASE_TIME": "1ms"}, "RELAY_LEASE_TIME"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if url, ok := tc.env["DATABASE_URL"]; ok {
				tc.env["DATABASE_URL"] = strings.Replace(url, "x.db", t.TempDir()+"/x.db", 1)
			}
			err := relay.Main(t.Context(), nil, func(key string) string { return tc.env[key] }, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.want) || errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
