package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/usercache"
)

const checkCache, checkBus = "cache", "bus"

func (e *examination) cache(ctx context.Context) []Finding {
	if e.RedisURL == "" {
		return []Finding{skip(checkCache, "REDIS_URL is not set here: the cache is in the process of `ums up`, or its services "+
			"have a REDIS_URL that this one has not", "")}
	}
	client, err := usercache.Open(e.RedisURL, e.Timeout)
	if err != nil {
		return []Finding{fail(checkCache, err.Error(), "mend REDIS_URL")}
	}
	defer func() { _ = client.Close() }()
	if cluster, isCluster := client.(*redis.ClusterClient); isCluster {
		return e.cacheCluster(ctx, cluster)
	}
	return cacheServer(ctx, client, "the cache of REDIS_URL")
}

// cacheCluster looks at each primary, one after the other, and tells once what is the same of several.
func (e *examination) cacheCluster(ctx context.Context, cluster *redis.ClusterClient) (list []Finding) {
	found := make(chan []Finding, 1000)
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		found <- cacheServer(ctx, node, "the cache's primary "+node.Options().Addr)
		return nil
	})
	close(found)
	if err != nil {
		return []Finding{unreachable(checkCache, "REDIS_URL", err)}
	}
	for some := range found {
		list = append(list, some...)
	}
	return list
}

func unreachable(check, variable string, err error) Finding {
	return fail(check, fmt.Sprintf("the server of %s cannot be reached: %v", variable, err),
		"see that it runs, that "+variable+" is right, and that this machine may connect")
}

func cacheServer(ctx context.Context, client redis.Cmdable, name string) []Finding {
	if err := client.Ping(ctx).Err(); err != nil {
		return []Finding{unreachable(checkCache, "REDIS_URL", err)}
	}
	settings, err := readSettings(ctx, client, "save", "appendonly", "maxmemory", "maxmemory-policy")
	if refused(err) {
		return []Finding{skip(checkCache, fmt.Sprintf("%s answers; its settings cannot be read: %v", name, err),
			"see to it that it has no persistence, a maxmemory and maxmemory-policy volatile-lru")}
	}
	if err != nil {
		return []Finding{unreachable(checkCache, "REDIS_URL", err)}
	}
	var list []Finding
	if replica(ctx, client) {
		list = append(list, fail(checkCache, name+" is a replica: it answers with what is no longer there", "name the primary"))
	}
	if settings["save"] != "" || settings["appendonly"] == "yes" {
		list = append(list, fail(checkCache, name+" has persistence: a restart would revive what is no longer so",
			`CONFIG SET save "" and appendonly no, and the same in its configuration`))
	}
	if settings["maxmemory"] == "0" {
		list = append(list, warn(checkCache, name+" has no bound: it grows until the system kills it",
			"set maxmemory, such as 256mb"))
	}
	switch policy := settings["maxmemory-policy"]; {
	case policy == "volatile-lru":
	case strings.HasPrefix(policy, "volatile-"):
		list = append(list, warn(checkCache, name+" has the maxmemory-policy "+policy, "set volatile-lru"))
	default:
		list = append(list, fail(checkCache, name+" has the maxmemory-policy "+policy+
			", by which it refuses fences when it is full, or drops what others keep there", "set maxmemory-policy volatile-lru"))
	}
	if len(list) == 0 {
		return []Finding{ok(checkCache, "%s answers, without persistence, with maxmemory %s and volatile-lru",
			name, settings["maxmemory"])}
	}
	return list
}

func (e *examination) bus(ctx context.Context) []Finding {
	switch scheme, _, _ := strings.Cut(e.EventsURL, "://"); {
	case e.EventsURL == "":
		return []Finding{skip(checkBus, "EVENTS_URL is not set here: the bus is in the process of `ums up`, or its services "+
			"have an EVENTS_URL that this one has not", "")}
	case scheme != "redis" && scheme != "rediss":
		return e.kafka(ctx)
	}
	options, err := redis.ParseURL(e.EventsURL)
	if err != nil {
		return []Finding{fail(checkBus, "EVENTS_URL is not of the form redis://host:6379/0", "mend it")}
	}
	options.Password = cmp.Or(e.EventsPassword, options.Password)
	options.MaxRetries, options.DialerRetries, options.DialTimeout = -1, 1, e.Timeout
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return []Finding{unreachable(checkBus, "EVENTS_URL", err)}
	}
	list := append(busSettings(ctx, client), e.apart(ctx, client)...)
	report, err := redisstream.Inspect(ctx, client)
	if err != nil {
		return append(list, fail(checkBus, err.Error(), "see that EVENTS_URL names a server of UMS's own, version 6.2 or later"))
	}
	return append(list, busReport(report)...)
}

func busSettings(ctx context.Context, client redis.Cmdable) []Finding {
	settings, err := readSettings(ctx, client, "appendonly", "maxmemory-policy")
	if refused(err) {
		return []Finding{skip(checkBus, fmt.Sprintf("the settings of its server cannot be read: %v", err),
			"see to it that it has an append-only file and maxmemory-policy noeviction")}
	}
	if err != nil {
		return []Finding{unreachable(checkBus, "EVENTS_URL", err)}
	}
	var list []Finding
	if settings["appendonly"] != "yes" {
		list = append(list, fail(checkBus, "its server has no append-only file: it forgets all events when it restarts",
			"CONFIG SET appendonly yes, and the same in its configuration"))
	}
	if policy := settings["maxmemory-policy"]; policy != "noeviction" {
		list = append(list, fail(checkBus, "its server has the maxmemory-policy "+policy+
			": it may drop all events when it is full",
			"CONFIG SET maxmemory-policy noeviction, and the same in its configuration"))
	}
	if len(list) == 0 {
		return []Finding{ok(checkBus, "its server answers, with an append-only file and noeviction")}
	}
	return list
}

// apart looks whether the bus and the cache are two servers.
func (e *examination) apart(ctx context.Context, bus redis.Cmdable) []Finding {
	if e.RedisURL == "" {
		return nil
	}
	cache, err := usercache.Open(e.RedisURL, e.Timeout)
	if err != nil {
		return nil // said in the line of the cache
	}
	defer func() { _ = cache.Close() }()
	if run := runID(ctx, bus); run != "" && run == runID(ctx, cache) {
		return []Finding{fail(checkBus, "REDIS_URL and EVENTS_URL name the same server, and need opposite settings",
			"give the bus a server of its own")}
	}
	return nil
}

func busReport(r redisstream.Report) (list []Finding) {
	if len(r.Groups) == 0 {
		list = append(list, warn(checkBus, "nobody has ever consumed from it",
			"start find and journal, or `ums up`, with the same EVENTS_URL"))
	}
	for _, g := range r.Groups {
		f := ok(checkBus, "the group %s has done all but the last %s", g.Name, rounded(g.Lag))
		if f.Status = byAge(g.Lag, lateWarn, lateFail); f.Status != OK {
			f.Says = fmt.Sprintf("the group %s is %s behind, with %d events in work", g.Name, rounded(g.Lag), g.Pending)
			f.Do = "see that its service runs and what its log says; where it is gone for good: XGROUP DESTROY " +
				redisstream.Stream + " " + g.Name
		}
		list = append(list, f)
	}
	if r.DeadLetters > 0 {
		list = append(list, deadLetters(fmt.Sprintf("there are %d dead letters", r.DeadLetters)))
	}
	return list
}

func deadLetters(says string) Finding {
	return warn(checkBus, says, "`ums dead-letters` lists them; `ums dead-letters retry ID…` puts them back")
}

// refused says whether a server that answers would not tell.
func refused(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	return answered
}

// readSettings reads settings of a server; managed ones refuse that.
func readSettings(ctx context.Context, client redis.Cmdable, names ...string) (map[string]string, error) {
	settings := map[string]string{}
	for _, name := range names {
		found, err := client.ConfigGet(ctx, name).Result()
		if err != nil {
			return nil, err
		}
		value, there := found[name]
		if !there {
			return nil, fmt.Errorf("it does not tell its %s: %w", name, redis.Nil)
		}
		settings[name] = value
	}
	return settings, nil
}

func runID(ctx context.Context, client redis.Cmdable) string {
	return info(ctx, client, "server", "run_id:")
}

func replica(ctx context.Context, client redis.Cmdable) bool {
	return info(ctx, client, "replication", "role:") == "slave"
}

// info returns one value of INFO, or "".
func info(ctx context.Context, client redis.Cmdable, section, key string) string {
	text, err := client.Info(ctx, section).Result()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), key); found {
			return value
		}
	}
	return ""
}
