package transfer

import (
	"context"
	"errors"

	"github.com/glarimy/ums/bench/dataset"
)

// takeEngines has the system use a database of its own on the MySQL of TEST_DATABASE_URL, and the Redis of TEST_REDIS_URL,
// and returns what removes everything from them.
func (b *bench) takeEngines(ctx context.Context, getenv func(string) string) (remove func(context.Context) error, err error) {
	server, redisURL := getenv("TEST_DATABASE_URL"), getenv("TEST_REDIS_URL")
	if server == "" || redisURL == "" {
		return nil, errors.New("TEST_DATABASE_URL and TEST_REDIS_URL are not both set: make bench-transfer starts both")
	}
	_, removeStream, err := dataset.OwnStream(ctx, redisURL)
	if err != nil {
		return nil, err
	}
	url, removeDatabase, err := dataset.EmptyDatabase(ctx, server)
	if err != nil {
		return nil, errors.Join(err, removeStream(ctx))
	}
	b.env = []string{"DATABASE_URL=" + url, "REDIS_URL=" + redisURL, "EVENTS_URL=" + redisURL}
	return func(ctx context.Context) error { return errors.Join(removeStream(ctx), removeDatabase(ctx)) }, nil
}
