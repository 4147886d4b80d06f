package usercache_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// BenchmarkHit compares the read of a cached user with what it is made of: a GET on an automatic pipeline, and with
// the GET of a plain client. Each runs on 32 goroutines a processor.
func BenchmarkHit(b *testing.B) {
	client := open(b, enginetest.Redis(b).URL)
	u := atRevision(newName(b), 0)
	source := &source{users: map[user.Name]user.User{u.Name: u}}
	cache, err := usercache.New(client, source, usercache.Config{}, prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	pipeline, err := client.AutoPipeline()
	if err != nil {
		b.Fatal(err)
	}
	get := func(from redis.Cmdable) func() error {
		return func() error {
			if err := from.Get(b.Context(), usercache.Key(u.Name)).Err(); err != redis.Nil {
				return err
			}
			return nil
		}
	}
	for name, read := range map[string]func() error{
		"cache": func() error {
			_, err := cache.Get(b.Context(), u.Name)
			return err
		},
		"GET on an automatic pipeline": get(pipeline),
		"GET":                          get(client),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(32)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := read(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
