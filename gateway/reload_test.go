package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
)

const (
	reloads  = 50
	inFlight = 200 // at each of them, so that 10,000 requests have seen one
	passing  = 4   // others at a time, which come and go
)

// holding is an upstream that answers a crowd of requests only when all of them have come and somebody lets them go.
// Requests for /quick it answers at once.
type holding struct {
	mu    sync.Mutex
	here  int
	crowd int
	full  chan struct{}
	leave chan struct{}
}

// next returns when the next crowd is there, which is of so many, and how it is let go.
func (h *holding) next(crowd int) (full <-chan struct{}, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.here, h.crowd, h.full, h.leave = 0, crowd, make(chan struct{}), make(chan struct{})
	let := h.leave
	return h.full, func() { close(let) }
}

func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/quick" {
		return
	}
	h.mu.Lock()
	if h.here++; h.here == h.crowd {
		close(h.full)
	}
	leave := h.leave
	h.mu.Unlock()
	<-leave
	_, _ = io.WriteString(w, r.URL.Path)
}

// TestReload reloads the whole program 50 times, every third time with a file that is wrong. Of 10,000 requests, each of
// which is in flight during a reload, none fails; nor does any of those that come and go all the time.
func TestReload(t *testing.T) {
	t.Parallel()
	upstream := new(holding)
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	configure := func(n int) {
		// The upstream holds requests on purpose, and a breaker would refuse those of the warm-up below.
		text := fmt.Sprintf("version: 1\nupstreams: {find: {url: %q, limit: off, breaker: off}}\nroutes:\n"+
			"  - {path: /quick, methods: [GET], upstream: find, timeout: 30s}\n"+
			"  - {path: \"/r%d/{name}\", methods: [GET], upstream: find, timeout: 60s}\n", "${FIND_URL}", n)
		if n%3 == 2 {
			text = strings.Replace(text, "timeout: 60s", "timeuot: 60s", 1)
		}
		if err := os.WriteFile(file+"~", []byte(text), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(file+"~", file); err != nil {
			t.Error(err)
		}
	}
	configure(0)
	addr, log, stop := startMain(t, file, answering(t, upstream.ServeHTTP))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * inFlight}}
	get := func(path string) error {
		res, err := client.Get("http://" + addr + path)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err == nil && (res.StatusCode != http.StatusOK || path != "/quick" && string(body) != path) {
			err = fmt.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
		return err
	}
	var failed, done, quick atomic.Int64
	count := func(err error) {
		if err != nil && failed.Add(1) <= 5 {
			t.Errorf("a request failed: %v", err)
		}
	}
	// gather returns when all of a crowd are upstream, or when one of them never will be.
	gather := func(full <-chan struct{}) {
		waitFor(t, func() bool {
			select {
			case <-full:
				return true
			default:
				return failed.Load() > 0
			}
		})
	}
	// A connection must be opened within a second, which is too little for so many on a machine that stands still, and not the
	// subject of this test: all connections that it needs are there before it begins.
	full, leave := upstream.next(inFlight + passing)
	var warmUp sync.WaitGroup
	for range inFlight + passing {
		warmUp.Go(func() {
			for end := time.Now().Add(patience); time.Now().Before(end); {
				if get("/r0/warm-up") == nil {
					return
				}
			}
		})
	}
	gather(full)
	leave()
	warmUp.Wait()

	ended := make(chan struct{})
	var passers sync.WaitGroup
	for range passing {
		passers.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					count(get("/quick"))
					quick.Add(1)
				}
			}
		})
	}
	inForce := 0
	for n := 1; n <= reloads; n++ {
		full, leave := upstream.next(inFlight)
		var crowd sync.WaitGroup
		for i := range inFlight {
			path := fmt.Sprintf("/r%d/%d", inForce, i)
			crowd.Go(func() {
				count(get(path))
				done.Add(1)
			})
		}
		gather(full)
		configure(n)
		waitFor(t, func() bool { return strings.Count(log.String(), `"what":"configuration"`) == n })
		leave()
		crowd.Wait()
		if n%3 != 2 {
			inForce = n
		}
	}
	close(ended)
	passers.Wait()
	t.Logf("%d requests were in flight over %d reloads, and %d others came and went; %d failed",
		done.Load(), reloads, quick.Load(), failed.Load())
	if done.Load() != reloads*inFlight || failed.Load() != 0 {
		t.Errorf("%d requests in flight, %d failed", done.Load(), failed.Load())
	}
	if want := `gateway.yaml:5: unknown key \"timeuot\" in a route; did you mean \"timeout\"?`; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %s", want)
	}

	// A signal loads what has not changed.
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return strings.Count(log.String(), `"what":"configuration"`) == reloads+1 })
	waitFor(t, func() bool { return strings.Contains(log.String(), `"what":"API keys"`) })
	stop()
}

// startMain runs the whole program with a configuration file, until the test or stop ends it.
func startMain(t *testing.T, file, upstreamURL string) (addr string, log *syncBuffer, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, ended := new(syncBuffer), make(chan error, 1)
	go func() {
		ended <- gateway.Main(ctx, nil, environment(map[string]string{
			"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "ACCESS_LOG": "off", "LOG_FORMAT": "json",
			"GATEWAY_CONFIG": file, "FIND_URL": upstreamURL,
		}), log)
	}()
	waitFor(t, func() bool {
		addr = log.addr()
		return addr != ""
	})
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the end: %v", err)
		}
	})
	t.Cleanup(stop)
	return addr, log, stop
}
