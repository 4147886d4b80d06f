package usercache

import "github.com/redis/go-redis/v9"

// The scripts read with pcall, because a key of another type than string makes GET fail; such a key holds no fence and
// is treated like any other value that is of no use.

// fillScript puts a loaded value where the lease of its load still is.
// ARGV: the lease, the value, its time to live in milliseconds. It returns 1 if it filled, 0 if it was refused.
var fillScript = redis.NewScript(`
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// dropScript removes the lease of a load that failed. ARGV: the lease.
var dropScript = redis.NewScript(`
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

// seizeScript replaces a value that could not be decoded by a lease. It is sent once, like any lease.
// ARGV: the value, the lease, its time to live in milliseconds. It returns 1 if the lease was set.
const seizeScript = `
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

// releaseScript deletes the key after a write, unless it holds another writer's fence. ARGV: this writer's fence.
// It returns what it found, one of the constants below.
var releaseScript = redis.NewScript(`
local held = redis.pcall('GET', KEYS[1])
if held == ARGV[1] then redis.call('DEL', KEYS[1]) return 1 end
if type(held) == 'string' and string.sub(held, 1, 6) == 'fence:' then return 2 end
redis.call('DEL', KEYS[1])
return 0`)

const (
	releasedGone  = 0 // no fence: a later writer's has come and gone, or Redis lost it; the key is deleted
	releasedOwn   = 1 // its own, which is deleted
	releasedOther = 2 // a later writer's, which stays
)

// deleteScript deletes the key unless it holds any fence.
var deleteScript = redis.NewScript(`
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' and string.sub(held, 1, 6) == 'fence:' then return 0 end
return redis.call('DEL', KEYS[1])`)
