// Package ratelimit bounds how many requests one client may send, over all gateways together.
//
// The algorithm is the generic cell rate algorithm (GCRA): all that is kept of a client is the time at which its bucket
// would be full again, so a request costs one addition, and there are no windows at whose edge twice as much passes. A
// bucket holds Burst requests and fills at the policy's rate.
//
// With a Redis the buckets are there, and one script decides by the server's clock. Each answer is also kept here, so
// that a client that is over its limit is refused without asking Redis again (nothing that others do can let it pass
// earlier), and so that the gateway goes on alone from what it knows when Redis is away or slow. Then each gateway allows
// the whole limit by itself: a limit is there to keep a system up, and should not be what takes it down.
//
// The algorithm is written here, twice in ten lines, and the two are tested against each other: the library for it on
// go-redis, redis_rate, has had no release since April 2023, and throttled needs two round trips a request and more where
// several gateways meet at one bucket.
package ratelimit
