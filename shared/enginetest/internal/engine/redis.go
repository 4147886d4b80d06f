package engine

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// The image of the product's own deployment.
const redisRepository, redisTag = "redis", "8.0"

// redisWait is how long a Redis may take to be ready.
const redisWait = 30 * time.Second

// redisArgs make a Redis that keeps nothing on disk, so that it is empty after a restart. It has databases for as many
// tests as may share it at a time.
var redisArgs = []string{"--save", "", "--appendonly", "no", "--databases", "128"}

// RedisSources are the ways to come by an empty Redis that one test has to itself, in the order of choice.
func (h *Host) RedisSources() []Source {
	return append([]Source{{Name: testRedisURL, Start: h.lendRedis}}, h.ownRedisSources()...)
}

// SharedRedisSources are those for a Redis whose URL can serve as TEST_REDIS_URL.
func (h *Host) SharedRedisSources() []Source {
	return append([]Source{{Name: testRedisURL, Start: h.borrowRedis}}, h.ownRedisSources()...)
}

func (h *Host) ownRedisSources() []Source {
	return []Source{
		{Name: "Docker (" + redisRepository + ":" + redisTag + ")", Start: h.redisInDocker},
		{Name: "redis-server on the PATH", Start: h.redisOnPath},
		{Name: "apt (redis-server)", Start: func(ctx context.Context) (*Server, error) {
			if err := h.install(ctx, "redis-server", "redis-server"); err != nil {
				return nil, err
			}
			return h.redisOnPath(ctx)
		}},
	}
}

func (h *Host) redisInDocker(ctx context.Context) (*Server, error) {
	return h.runImage(ctx, image{
		name:       "redis",
		repository: redisRepository,
		tag:        redisTag,
		ports:      []string{"6379/tcp"},
		cmd:        append([]string{"redis-server"}, redisArgs...),
		url:        redisURL,
		identify: func(ctx context.Context, url string) (string, error) {
			return identifyRedis(ctx, url, 0)
		},
		every: 10 * time.Millisecond,
		wait:  redisWait,
	})
}

func (h *Host) redisOnPath(ctx context.Context) (*Server, error) {
	path, err := h.lookServer(ctx, "redis-server")
	if err != nil {
		return nil, err
	}
	return h.run(ctx, program{
		name: "redis",
		path: path,
		args: func(dir string, port int) []string {
			return append([]string{"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir}, redisArgs...)
		},
		url:      func(port int) string { return redisURL(loopback(port)) },
		identify: identifyRedis,
		every:    2 * time.Millisecond,
		wait:     redisWait,
	})
}

func redisURL(addr string) string { return "redis://" + addr + "/0" }

var (
	redisVersion  = regexp.MustCompile(`(?m)^redis_version:(\S+)`)
	valkeyVersion = regexp.MustCompile(`(?m)^valkey_version:(\S+)`)
	redisPID      = regexp.MustCompile(`(?m)^process_id:(\d+)`)
)

// identifyRedis asks the server at url for its product and version. With pid other than 0 the server must be that
// process: another one may have taken its port.
func identifyRedis(ctx context.Context, url string, pid int) (string, error) {
	client, err := dialRedis(ctx, url)
	if err != nil {
		return "", err
	}
	defer client.Close()
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask Redis who it is: %w", err)
	}
	if m := redisPID.FindStringSubmatch(info); pid != 0 && (m == nil || m[1] != strconv.Itoa(pid)) {
		return "", fmt.Errorf("%w: another Redis answers", errPortTaken)
	}
	if m := valkeyVersion.FindStringSubmatch(info); m != nil {
		return "Valkey " + m[1], nil
	}
	if m := redisVersion.FindStringSubmatch(info); m != nil {
		return "Redis " + m[1], nil
	}
	return "", fmt.Errorf("the Redis server does not tell its version")
}
