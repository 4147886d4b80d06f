// Package usercache is the cache in front of the users' database, both sides of it: the reads that go through it and
// the fence that every write puts up. Together they keep one promise: no read begun after a write was acknowledged
// returns what was there before.
//
// # The key
//
// Redis keeps one key for each user (see [Key]). It is absent or holds one of
//
//	user:<etag><record>   the user: the record's bytes are written to clients as they are
//	none:                 there is no such user
//	lease:<token>         a reader is loading; token names that one load
//	fence:<token>         a writer is changing the user; token names that one write
//
// Every form expires by itself.
//
// # Reading, [Cache.Get]
//
//   - A reader who finds the key absent sets a lease with a token of its own (only if it is still absent), reads the
//     database, and fills by a script that compares: only if the key still holds that token.
//   - A reader who meets another's lease waits a bounded moment, looking again, and then reads the database without
//     filling. One who meets a fence does so at once.
//   - A reader joins a load of its own process only if its own look, sent after it arrived, returned that load's
//     token. A reader who cannot use Redis joins only a load whose SELECT has not been sent.
//   - A value that cannot be decoded is replaced by a lease with a script that compares, never by a plain SET or DEL,
//     which could take away a fence that was put up meanwhile.
//
// # Writing, [Fencer]
//
//   - Inside its transaction the writer first changes the row, which locks it, then sets the fence and awaits the
//     answer, commits, and after that releases: the key is deleted unless it holds another writer's fence.
//   - With an unknown outcome of COMMIT nothing is released: the fence expires. The transaction ends before a third
//     of the fence's time is over.
//   - A fence whose SET was not answered may still arrive. Its writer deletes the key unless it holds any fence, its
//     own included: by then it may stand where the fence of a later writer stood.
//   - The event of each write deletes the key once more, unless it holds a fence ([Cache.Invalidate]).
//
// A lease and a fence are sent once and never again with the same token, because the copy that was given up could
// arrive when the token has become valid again. Scripts that compare, and deletions, may be repeated.
//
// # What is promised
//
//   - A fence that Redis confirmed, and kept until it was released, makes the reads of that user linearizable.
//   - If Redis confirmed the delete alone, no read begun after the acknowledgement returns an older user; while the
//     write commits, a read may return an older user than one before it did.
//   - If Redis confirmed neither, or confirmed a fence, lost it (a restart, an eviction, a fail-over) and then failed the
//     release, readers may be given the old user until the event of the write arrives, and at most for Config.TTL.
//     Such writes are counted: ums_cache_unfenced_writes_total, ums_cache_fences_unreleased_total.
//
// # What is proven
//
// The tests of this package search every interleaving of these steps in a model of the protocol, show that the model
// finds a stale read as soon as one of the rules is dropped, force the interleavings upon this code with a real Redis
// and a real database, and check random histories for linearizability.
package usercache
