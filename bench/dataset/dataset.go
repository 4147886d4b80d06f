// Package dataset puts the users of a benchmark where the servers find them: in a database of their own, through the
// real schema, and in Redis.
package dataset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/bench/peers"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// Set is the users of a benchmark, stored.
type Set struct {
	Users       []user.User
	Nobody      user.Name // of no user
	DatabaseURL string    // of the database, which is the benchmark's alone
	RedisURL    string
	Database    string // the product and its version
	Redis       string // the same of Redis

	server *server
	client *redis.Client
}

// Store makes n users in a new database on the server that databaseURL names, and puts the record of each into the
// Redis that redisURL names. What find itself caches is left to find. The set is to be closed.
func Store(ctx context.Context, databaseURL, redisURL string, n int) (set *Set, err error) {
	users, err := makeUsers(n)
	if err != nil {
		return nil, err
	}
	nobody, err := user.NewName("bench-nobody")
	if err != nil {
		return nil, err
	}
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, fmt.Errorf("the URL of Redis: %w", err)
	}
	options.MaxRetries, options.DialerRetries = -1, 1 // one that is not there will not be
	set = &Set{Users: users, Nobody: nobody, RedisURL: redisURL, client: redis.NewClient(options)}
	defer func() {
		if err != nil {
			err = errors.Join(err, set.Close(context.WithoutCancel(ctx)))
		}
	}()
	if set.server, err = openServer(databaseURL); err != nil {
		return set, err
	}
	if set.DatabaseURL, err = set.server.createDatabase(ctx); err != nil {
		return set, err
	}
	if set.Database, err = set.server.version(ctx); err != nil {
		return set, err
	}
	if err = fill(ctx, set.DatabaseURL, users); err != nil {
		return set, err
	}
	if set.Redis, err = redisVersion(ctx, set.client); err != nil {
		return set, err
	}
	return set, set.storeRecords(ctx)
}

// Close removes all that the benchmark has stored.
func (s *Set) Close(ctx context.Context) error {
	var err error
	if s.Redis != "" { // it answered, and so may hold something
		err = s.removeKeys(ctx)
	}
	if s.server != nil {
		err = errors.Join(err, s.server.close(ctx))
	}
	return errors.Join(err, s.client.Close())
}

func (s *Set) removeKeys(ctx context.Context) error {
	keys := []string{usercache.Key(s.Nobody)}
	for _, u := range s.Users {
		keys = append(keys, peers.RecordKey(u.Name.String()), usercache.Key(u.Name))
	}
	if err := s.client.Del(ctx, keys...).Err(); err != nil {
		return fmt.Errorf("remove the records from Redis: %w", err)
	}
	return nil
}

func makeUsers(n int) ([]user.User, error) {
	users := make([]user.User, n)
	for i := range users {
		name, nameErr := user.NewName(fmt.Sprintf("bench-user-%04d", i))
		phone, phoneErr := user.NewPhoneNumber(9_000_000_000 + uint64(i))
		if err := errors.Join(nameErr, phoneErr); err != nil {
			return nil, err
		}
		since := time.Date(2022, time.September, 12, 10, 0, 0, 0, time.UTC)
		users[i] = user.User{Name: name, Phone: phone, Since: since, Version: 1}
	}
	return users, nil
}

// forgotten is when Redis drops the records of a benchmark that could not remove them itself.
const forgotten = 2 * time.Hour

func (s *Set) storeRecords(ctx context.Context) error {
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, u := range s.Users {
			p.Set(ctx, peers.RecordKey(u.Name.String()), u.Record().AppendJSON(nil), forgotten)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store the records in Redis: %w", err)
	}
	return nil
}

func redisVersion(ctx context.Context, client *redis.Client) (string, error) {
	info, err := client.InfoMap(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask Redis for its version: %w", err)
	}
	return "Redis " + info["Server"]["redis_version"], nil
}
