package usercache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/usercache"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"redis://localhost:6379/2":                       "*redis.Client",
		"rediss://user:secret@cache.example:6380":        "*redis.Client",
		"redis://localhost?read_timeout=1h":              "*redis.Client",
		"redis://a.example:6379?addr=b.example:6379":     "*redis.ClusterClient",
		"redis://:secret@a.example?addr=b.example:6379":  "*redis.ClusterClient",
		"redis://a.example:6379?addr=a.example%3A6379":   "*redis.ClusterClient",
		"redis://a.example?addr=b.example:1&addr=c.ex:2": "*redis.ClusterClient",
	}
	for rawURL, want := range tests {
		client, err := usercache.Open(rawURL, time.Second)
		if err != nil {
			t.Errorf("%s: %v", rawURL, err)
			continue
		}
		if got := checkOptions(t, client); got != want {
			t.Errorf("%s: got %s, want %s", rawURL, got, want)
		}
		_ = client.Close()
	}
}

// checkOptions checks that nothing takes longer than the second of the test, and returns the client's type.
func checkOptions(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	switch c := client.(type) {
	case *redis.Client:
		o := c.Options()
		if o.ReadTimeout != time.Second || o.DialTimeout != time.Second || o.PoolTimeout != time.Second || o.MaxRetries != 0 {
			t.Errorf("the timeouts are %v, %v, %v and there are %d retries", o.ReadTimeout, o.DialTimeout, o.PoolTimeout, o.MaxRetries)
		}
		return "*redis.Client"
	case *redis.ClusterClient:
		o := c.Options()
		if o.ReadTimeout != time.Second || o.DialTimeout != time.Second || o.PoolTimeout != time.Second || o.ReadOnly {
			t.Errorf("the timeouts are %v, %v, %v; read only is %v", o.ReadTimeout, o.DialTimeout, o.PoolTimeout, o.ReadOnly)
		}
		return "*redis.ClusterClient"
	default:
		return "another"
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"redis://:secret@a.example?addr=b.example:1&read_only=true":        "read_only",
		"redis://:secret@a.example?read_only=false":                        "read_only",
		"redis://:secret@a.example?addr=b.example:1&route_by_latency=true": "route_by_latency",
		"redis://:secret@a.example?addr=b.example:1&route_randomly=true":   "route_randomly",
		"redis://:secret@a.example:port":                                   "port",
		"redis://:secret@a.example?addr=secret":                            "addr",
		"redis://:secret@a.example/database":                               "database",
		"redis://:secret@a.example?what=ever":                              "what",
		"http://:secret@a.example":                                         "scheme",
		"://:secret@a.example":                                             "scheme",
		"":                                                                 "scheme",
		"redis://:sec%ret@a.example":                                       "escape",
	}
	for rawURL, want := range tests {
		client, err := usercache.Open(rawURL, time.Second)
		if err == nil {
			_ = client.Close()
			t.Errorf("%s: is not refused", rawURL)
			continue
		}
		if got := err.Error(); !strings.Contains(got, want) || !strings.Contains(got, "REDIS_URL") || strings.Contains(got, "secret@") {
			t.Errorf("%s: got error %q, want one about %s and without the password", rawURL, got, want)
		}
	}
}
