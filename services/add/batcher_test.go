package add_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/user"
)

// transactions stands in for the database: it notes what shares a transaction, and each waits until it is let go.
type transactions struct {
	batcher *add.Batcher

	mu     sync.Mutex
	alone  []string
	shared [][]string
	open   chan error     // one answer a transaction; closed: all are answered well
	there  sync.Map       // the names of users who are there already
	ended  chan error     // why each batch was given up
	over   []func() error // tells of each batch whether it was given up
}

func newTransactions(slow time.Duration) *transactions {
	tr := &transactions{open: make(chan error), ended: make(chan error, 100)}
	tr.batcher = add.NewBatcher(slow,
		func(_ context.Context, name string) error {
			tr.mu.Lock()
			tr.alone = append(tr.alone, name)
			tr.mu.Unlock()
			return <-tr.open
		},
		func(ctx context.Context, names []string) error {
			tr.mu.Lock()
			tr.shared = append(tr.shared, names)
			tr.over = append(tr.over, ctx.Err)
			tr.mu.Unlock()
			select {
			case err := <-tr.open:
				return err
			case <-ctx.Done():
				tr.ended <- context.Cause(ctx)
				return ctx.Err()
			}
		}, func(name string) error {
			if _, ok := tr.there.Load(name); ok {
				return user.ErrExists
			}
			return nil
		})
	return tr
}

func (tr *transactions) counts() (alone, shared int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.alone), len(tr.shared)
}

// add begins to add a user and returns where its outcome will be. The name may be followed by a space and a key.
func (tr *transactions) add(ctx context.Context, user string) <-chan error {
	name, key, _ := strings.Cut(user, " ")
	outcome := make(chan error, 1)
	go func() { outcome <- tr.batcher.Add(ctx, name, key) }()
	return outcome
}

// fill has as many in flight as may be, and then these names wait, in their order.
func (tr *transactions) fill(t *testing.T, ctxs []context.Context, names ...string) (first, waiting []<-chan error) {
	t.Helper()
	for i := range add.MostInFlight {
		first = append(first, tr.add(t.Context(), fmt.Sprintf("in-flight-%d", i)))
	}
	servicetest.Eventually(t, "the first are in flight", func() bool {
		alone, _ := tr.counts()
		return alone == add.MostInFlight
	})
	for i, name := range names {
		ctx := t.Context()
		if i < len(ctxs) && ctxs[i] != nil {
			ctx = ctxs[i]
		}
		waiting = append(waiting, tr.add(ctx, name))
		servicetest.Eventually(t, name+" waits", func() bool { return tr.batcher.Waiting() == i+1 })
	}
	return first, waiting
}

// TestUsersShareATransaction finds that what comes while others are in flight is stored together, in the order of names.
func TestUsersShareATransaction(t *testing.T) {
	t.Parallel()
	tr := newTransactions(time.Hour)
	_, waiting := tr.fill(t, nil, "Krishna-c k-1", "Krishna-a k-2", "Krishna-b", "Krishna-d k-1", "Krishna-a")
	close(tr.open)
	for _, outcome := range waiting {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	slices.SortFunc(tr.shared, slices.Compare) // the second may begin before the first has
	// The second of a name and the second of a key are in the next one.
	want := [][]string{{"Krishna-a", "Krishna-b", "Krishna-c"}, {"Krishna-a", "Krishna-d"}}
	if !slices.EqualFunc(tr.shared, want, slices.Equal) {
		t.Errorf("transactions were shared by %q, want %q", tr.shared, want)
	}
}

func TestABatchHasItsBound(t *testing.T) {
	t.Parallel()
	tr := newTransactions(time.Hour)
	names := make([]string, 2*add.MostInBatch+1)
	for i := range names {
		names[i] = fmt.Sprintf("Krishna-%03d", i)
	}
	_, waiting := tr.fill(t, nil, names...)
	close(tr.open)
	for _, outcome := range waiting {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	slices.SortFunc(tr.shared, slices.Compare)
	if len(tr.shared) != 2 || !slices.Equal(slices.Concat(tr.shared...), names[:2*add.MostInBatch]) {
		t.Errorf("transactions were shared by %q", tr.shared)
	}
}

// TestABatchIsBrokenUp finds that each of its users then goes alone, and that any other outcome is that of all.
func TestABatchIsBrokenUp(t *testing.T) {
	t.Parallel()
	for _, outcome := range []error{nil, database.ErrOutcomeUnknown, fmt.Errorf("as it was: %w", add.Alone())} {
		tr := newTransactions(time.Hour)
		_, waiting := tr.fill(t, nil, "Krishna-a", "Krishna-b")
		tr.open <- nil // one of the first
		servicetest.Eventually(t, "the batch is in flight", func() bool {
			_, shared := tr.counts()
			return shared == 1
		})
		tr.mu.Lock()
		former := len(tr.alone)
		tr.mu.Unlock()
		answered := make(chan struct{})
		go func() { // either is the other of the first, or the batch: both get the same
			defer close(answered)
			tr.open <- outcome
			tr.open <- outcome
		}()
		<-answered
		close(tr.open)
		for _, w := range waiting {
			err := <-w
			if errors.Is(outcome, add.Alone()) && err != nil || !errors.Is(outcome, add.Alone()) && !errors.Is(err, outcome) {
				t.Errorf("a batch that ends with %v: got %v", outcome, err)
			}
		}
		again := map[bool]int{true: 2}[errors.Is(outcome, add.Alone())]
		if alone, _ := tr.counts(); alone-former != again {
			t.Errorf("a batch that ends with %v: %d went alone, want %d", outcome, alone-former, again)
		}
	}
}

// TestABatchIsSifted finds that one who is there already costs the others of his batch one transaction more, and not one each.
func TestABatchIsSifted(t *testing.T) {
	t.Parallel()
	tr := newTransactions(time.Hour)
	first, waiting := tr.fill(t, nil, "Krishna-a", "Krishna-b", "Krishna-c")
	tr.there.Store("Krishna-b", true)
	for range first {
		tr.open <- nil
	}
	servicetest.Eventually(t, "the batch is in flight", func() bool {
		_, shared := tr.counts()
		return shared == 1
	})
	tr.open <- add.Alone()
	close(tr.open)
	for i, want := range []error{nil, user.ErrExists, nil} {
		if err := <-waiting[i]; !errors.Is(err, want) {
			t.Errorf("user %d got %v, want %v", i, err, want)
		}
	}
	if len(tr.shared) != 2 || !slices.Equal(tr.shared[1], []string{"Krishna-a", "Krishna-c"}) || len(tr.alone) != add.MostInFlight {
		t.Errorf("transactions were shared by %q, and %q went alone", tr.shared, tr.alone)
	}
}

// TestOneOfABatchLeaves finds that others' transaction goes on until nobody waits for it.
func TestOneOfABatchLeaves(t *testing.T) {
	t.Parallel()
	tr := newTransactions(time.Hour)
	ctx, leave := context.WithCancel(t.Context())
	last, leaveLast := context.WithCancel(t.Context())
	_, waiting := tr.fill(t, []context.Context{ctx, last}, "Krishna-a", "Krishna-b")
	tr.open <- nil
	servicetest.Eventually(t, "the batch is in flight", func() bool {
		_, shared := tr.counts()
		return shared == 1
	})
	leave()
	if err := <-waiting[0]; !errors.Is(err, database.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v, want an unknown outcome", err)
	}
	if err := tr.over[0](); err != nil {
		t.Errorf("the transaction ended with one of two: %v", err)
	}
	leaveLast()
	if err := <-waiting[1]; !errors.Is(err, database.ErrOutcomeUnknown) {
		t.Errorf("who left last got %v, want an unknown outcome", err)
	}
	if err := <-tr.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the transaction ended with %v", err)
	}
	close(tr.open)
}

// TestOneLeavesTheQueue finds that it is not stored then.
func TestOneLeavesTheQueue(t *testing.T) {
	t.Parallel()
	tr := newTransactions(time.Hour)
	ctx, leave := context.WithCancel(t.Context())
	first, waiting := tr.fill(t, []context.Context{ctx}, "Krishna-a", "Krishna-b")
	leave()
	if err := <-waiting[0]; !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrOutcomeUnknown) {
		t.Errorf("who left the queue got %v, want that it was cancelled", err)
	}
	close(tr.open)
	for _, outcome := range append(first, waiting[1]) {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	if slices.Contains(slices.Concat(append(tr.shared, tr.alone)...), "Krishna-a") {
		t.Error("who left the queue was stored")
	}
}

// TestSlowTransactionsHoldNobodyUp finds that others go on where the first wait for locks.
func TestSlowTransactionsHoldNobodyUp(t *testing.T) {
	t.Parallel()
	tr := newTransactions(time.Millisecond)
	for i := range 3 * add.MostInFlight {
		tr.add(t.Context(), fmt.Sprintf("Krishna-%d", i))
	}
	servicetest.Eventually(t, "all are in flight", func() bool {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return len(tr.alone)+len(slices.Concat(tr.shared...)) == 3*add.MostInFlight
	})
	close(tr.open)
}
