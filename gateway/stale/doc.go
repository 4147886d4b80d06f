// Package stale keeps answers for the time when their upstream gives none: stale-if-error (RFC 5861, section 4), bounded in
// bytes.
//
// It is no cache in any other way: as long as the upstream answers, every request goes there. What it keeps is the same for
// every client that may ask, so whether this one may is to be found out before it is asked; requests' headers are not part
// of the key.
//
// A response that says no-store or private is not kept, nor one that must be revalidated (must-revalidate,
// proxy-revalidate) or that varies by a header (Vary). One that says no-cache is, although RFC 9111, section 5.2.2.4, asks
// for a validation first: the gateway is part of the origin, and whoever switches this on says on the origin's behalf that
// an old answer is better than none (the "out-of-band contract" of section 4.2.4). Caches beyond the gateway see the
// directive as the service sent it.
//
// An answer out of the cache tells its Age (RFC 9111, section 5.1), and says by Cache-Status (RFC 9211) that it is a stale
// one: ttl is negative. The Warning header that RFC 5861 asks for is obsolete since RFC 9111.
//
//	cache.Resize(config.Stale.Size)                     // with each configuration
//	mark := cache.Mark(path)                            // before the request goes upstream
//	cache.Store(path, mark, headers, body)              // a GET's 200; what must not be kept is not
//	if answer, ok := cache.Lookup(path, maxAge); ok {…}  // for a GET or HEAD whose upstream fails; stale.Failed says when
//	cache.Drop(path)                                    // after any other method that may have changed something
package stale
