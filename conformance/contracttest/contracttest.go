// Package contracttest runs the contract's clauses as Go tests.
package contracttest

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/glarimy/ums/conformance/contract"
)

// timeout bounds one clause, also on a slow machine under the race detector.
const timeout = 5 * time.Minute

// settle is what a change has to be in lists and in the journal instead of the contract's second, for the same reason. The
// command and the benchmarks keep to the second.
const settle = 30 * time.Second

// Run checks every clause of the slot as a subtest against the base address url, that of the gateway or of the service
// itself. The clauses run in parallel; Run returns when all have ended.
func Run(t *testing.T, slot contract.Slot, url string) {
	t.Helper()
	RunWith(t, slot, contract.Options{URL: url})
}

// RunWith is Run with all options. Without one for how long changes take to settle, it is patient with slow machines.
func RunWith(t *testing.T, slot contract.Slot, o contract.Options) {
	t.Helper()
	o.Settle = cmp.Or(o.Settle, settle)
	client, err := contract.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := cmp.Or(client.Reach(ctx, slot), client.Filled(ctx, slot)); err != nil {
		t.Fatal(err)
	}
	clauses := contract.Clauses(slot)
	if len(clauses) == 0 {
		t.Fatalf("there is no slot %q", slot)
	}
	// A group, so that Run does not return, and its caller stop the system, before the parallel clauses have ended.
	t.Run(string(slot), func(t *testing.T) {
		for _, clause := range clauses {
			t.Run(clause.ID, func(t *testing.T) {
				t.Parallel()
				check(t, client, clause)
			})
		}
	})
}

func check(t *testing.T, client *contract.Client, clause contract.Clause) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	switch err := clause.Check(ctx, client); {
	case errors.Is(err, contract.ErrSkip):
		t.Skip(err)
	case err != nil:
		t.Errorf("%s\n%v", clause.Says, err)
	}
}
