package peers

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/redis/go-redis/v9"
)

// RecordKey is the Redis key of the record that Get and Pipelined write out: its bytes, and nothing else.
func RecordKey(name string) string { return "ums:bench:record:" + name }

// Get answers with what a GET of go-redis returns, as go-redis is by default: each command on a connection of its own.
func Get(ctx context.Context, _ []string, getenv func(string) string, _ io.Writer) (err error) {
	client, err := openRedis(getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	return serve(ctx, getenv, answer(client))
}

// Pipelined is Get on go-redis' automatic pipelining, with its own default options.
func Pipelined(ctx context.Context, _ []string, getenv func(string) string, _ io.Writer) (err error) {
	client, err := openRedis(getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	pipelined, err := client.AutoPipeline()
	if err != nil {
		return err
	}
	return serve(ctx, getenv, answer(pipelined))
}

func openRedis(getenv func(string) string) (*redis.Client, error) {
	options, err := redis.ParseURL(getenv("REDIS_URL"))
	if err != nil {
		return nil, err
	}
	return redis.NewClient(options), nil
}

// answer writes out what Redis holds.
func answer(client interface {
	Get(ctx context.Context, key string) *redis.StringCmd
}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		record, err := client.Get(r.Context(), RecordKey(mux.Vars(r)["name"])).Bytes()
		switch {
		case errors.Is(err, redis.Nil):
			http.Error(w, "not found", http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			write(w, record)
		}
	}
}
