package usercache_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/usercache"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	client := open(t, "redis://"+refusing(t))
	taken := prometheus.NewRegistry()
	if _, err := usercache.New(client, &source{}, usercache.Config{}, taken); err != nil {
		t.Fatal(err)
	}
	if _, err := usercache.NewFencer(client, usercache.FenceConfig{}, taken); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func() error{
		"a negative time": func() error {
			_, err := usercache.New(client, &source{}, usercache.Config{TTL: -1}, prometheus.NewRegistry())
			return err
		},
		"a negative number": func() error {
			_, err := usercache.New(client, &source{}, usercache.Config{MaxLoads: -1}, prometheus.NewRegistry())
			return err
		},
		"a negative time of fences": func() error {
			_, err := usercache.NewFencer(client, usercache.FenceConfig{FenceTime: -1}, prometheus.NewRegistry())
			return err
		},
		"metrics that are there": func() error {
			_, err := usercache.New(client, &source{}, usercache.Config{}, taken)
			return err
		},
		"metrics of fences that are there": func() error {
			_, err := usercache.NewFencer(client, usercache.FenceConfig{}, taken)
			return err
		},
	}
	for name, build := range tests {
		if build() == nil {
			t.Errorf("%s: is not refused", name)
		}
	}
}

func TestTransactionTimeout(t *testing.T) {
	t.Parallel()
	for _, fence := range []time.Duration{0, time.Second, 15 * time.Second, time.Hour} {
		config := usercache.FenceConfig{FenceTime: fence}
		limit := fence / 3
		if fence == 0 {
			limit = 5 * time.Second
		}
		if got := config.TransactionTimeout(); got <= 0 || got >= limit {
			t.Errorf("transactions with fences of %v may take %v, want under %v", fence, got, limit)
		}
	}
}
