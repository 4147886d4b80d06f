package add

import (
	"context"
	"time"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/userhttp"
)

// Router returns the routes of the slot.
func Router() *userhttp.Router { return (&handler{}).router() }

// What the tests need to know of batches.
const (
	MostInFlight = mostInFlight
	MostInBatch  = mostInBatch
)

// Alone returns the error that breaks a batch up.
func Alone() error { return errAlone }

// Batcher is a batcher over what a test has in place of transactions.
type Batcher struct{ b *batcher }

// NewBatcher returns a batcher of users that are known by their names.
func NewBatcher(
	slow time.Duration, alone func(context.Context, string) error, together func(context.Context, []string) error,
	meet func(string) error,
) *Batcher {
	return &Batcher{&batcher{
		slow:  slow,
		meet:  func(_ context.Context, a addition) error { return meet(a.name().String()) },
		alone: func(ctx context.Context, a addition) error { return alone(ctx, a.name().String()) },
		together: func(ctx context.Context, additions []addition) error {
			names := make([]string, len(additions))
			for i, a := range additions {
				names[i] = a.name().String()
			}
			return together(ctx, names)
		},
	}}
}

// Add adds a user, with an idempotency key unless it is empty.
func (b *Batcher) Add(ctx context.Context, name, key string) error {
	n, err := user.NewName(name)
	if err != nil {
		return err
	}
	a := addition{event: outboxRow{user: user.User{Name: n}}}
	if key != "" {
		a.key = &keyRow{keyedRequest: keyedRequest{keyID: keyID{key: key}}}
	}
	return b.b.add(ctx, a)
}

// Waiting returns how many users wait for their turn.
func (b *Batcher) Waiting() int {
	b.b.mu.Lock()
	defer b.b.mu.Unlock()
	return len(b.b.waiting)
}
