package search_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest"
)

// BenchmarkPages measures the first page of each list beside its thousandth, 50 users each, in turns, so that whatever
// else the machine does meets both. SEARCH_BENCH_USERS says among how many users; with fewer than a thousand pages the last
// whole one takes the thousandth's place.
func BenchmarkPages(b *testing.B) {
	users := 20_000
	if text := os.Getenv("SEARCH_BENCH_USERS"); text != "" {
		var err error
		if users, err = strconv.Atoi(text); err != nil {
			b.Fatalf("SEARCH_BENCH_USERS: %v", err)
		}
	}
	for name, engine := range map[string]func(testing.TB) *enginetest.SQL{"MySQL": enginetest.MySQL, "SQLite": enginetest.SQLite} {
		b.Run(name, func(b *testing.B) {
			db := newBackend(b, engine(b))
			for some := range slices.Chunk(many(users), 50_000) { // a transaction each
				db.insert(b, some...)
			}
			s := start(b, db, options{accessLog: "off"})
			for _, list := range []struct {
				name  string
				query []string
				share int // of the users, one in so many
			}{
				{"none", nil, 1},
				{"name_prefix", []string{"name_prefix", "Krishna"}, 2},
				{"phone", []string{"phone", "9731423166"}, 10},
				{"phone_prefix", []string{"phone_prefix", "9"}, 2},
				{"since", []string{"since_from", "2022-09-12T10:00:00Z"}, 1},
			} {
				b.Run(list.name, func(b *testing.B) {
					s.benchmark(b, list.query, min(1000, users/list.share/50-1))
				})
			}
		})
	}
}

func (s *service) benchmark(b *testing.B, query []string, last int) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	first, far := s.url+"/user?"+encode(query...), s.url+"/user?"+encode(append(query, "cursor", s.cursorOf(b, query, last))...)
	var ofFirst, ofFar []time.Duration
	for range 20 {
		fetch(b, client, first)
		fetch(b, client, far)
	}
	for b.Loop() {
		ofFirst = append(ofFirst, fetch(b, client, first))
		ofFar = append(ofFar, fetch(b, client, far))
	}
	b.ReportMetric(0, "ns/op") // of no use: two pages
	report := func(name string, times []time.Duration) time.Duration {
		slices.Sort(times)
		median := times[len(times)/2]
		b.ReportMetric(float64(median.Microseconds()), name+"-p50-µs")
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), name+"-p99-µs")
		return median
	}
	page1, pageN := report("page1", ofFirst), report("page"+strconv.Itoa(last), ofFar)
	b.ReportMetric(float64(pageN)/float64(page1), "ratio")
}

// cursorOf goes to a page of 50 users, in steps of ten pages.
func (s *service) cursorOf(tb testing.TB, query []string, page int) string {
	tb.Helper()
	cursor := ""
	for passed := 1; passed < page; {
		step := min(10, page-passed)
		parameters := append(slices.Clip(query), "limit", strconv.Itoa(50*step))
		if cursor != "" {
			parameters = append(parameters, "cursor", cursor)
		}
		next := s.get(tb, parameters...).page(tb).Next
		if next == nil {
			tb.Fatalf("there is no page %d", page)
		}
		cursor = *next
		passed += step
	}
	return cursor
}

func fetch(b *testing.B, client *http.Client, url string) time.Duration {
	begin := time.Now()
	response, err := client.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	took := time.Since(begin)
	_ = response.Body.Close()
	var p page
	if err != nil || json.Unmarshal(body, &p) != nil || len(p.Users) != 50 {
		b.Fatalf("the page is not one of 50 users: %v, %.200s", err, body)
	}
	return took
}
