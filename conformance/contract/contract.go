// Package contract is the public contract of UMS as executable clauses. They speak HTTP only, import nothing of UMS and
// share no code with its services, so a service in any language is checked by an independent reading of the contract.
//
// Every clause works with users of its own, under random names, and removes them afterwards: clauses may run in
// any order, in parallel, repeatedly, and against a system that others are using.
package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Slot is a service's place in UMS.
type Slot string

// The slots that have clauses.
const (
	Find    Slot = "find"    // GET /user/{name}
	Add     Slot = "add"     // POST /user, PATCH and DELETE /user/{name}
	Search  Slot = "search"  // GET /user?…
	Journal Slot = "journal" // GET /journal…
	All     Slot = "all"     // every slot, and what holds only for all of them behind one gateway
)

// Slots returns every slot that has clauses, All included.
func Slots() []Slot { return []Slot{Find, Add, Search, Journal, All} }

// ParseSlot returns the slot of that name.
func ParseSlot(name string) (Slot, error) {
	if s := Slot(name); slices.Contains(Slots(), s) {
		return s, nil
	}
	return "", fmt.Errorf("there is no slot %q: choose %s", name, SlotNames())
}

// SlotNames lists the slots for a person.
func SlotNames() string {
	var b strings.Builder
	for i, s := range Slots() {
		switch {
		case i == 0:
		case i == len(Slots())-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// Clause is one promise of the contract.
type Clause struct {
	ID   string // slot/subject/case, stable: people select clauses by it
	Says string // the promise, as one sentence without a full stop
	// Run checks the promise against the system behind the client. Nil means kept. An error that wraps ErrSkip means
	// that it cannot be checked there; any other says what was sent, what came back and what the contract wants.
	// Call Check instead: it also cleans up.
	Run func(context.Context, *Client) error
}

// ErrSkip marks a clause that does not apply to the system under test.
var ErrSkip = errors.New("not applicable")

// Check runs the clause in a session of its own, and then removes the users that it added.
// It is safe for concurrent use.
func (c Clause) Check(ctx context.Context, client *Client) error {
	session := client.session()
	defer session.cleanUp(context.WithoutCancel(ctx))
	return c.Run(ctx, session)
}

// Clauses returns the clauses of one slot, in the order in which a reader would want to learn of failures. It returns
// nil for a slot that [ParseSlot] does not know.
func Clauses(slot Slot) []Clause {
	switch slot {
	case Find:
		return findClauses()
	case Add:
		return addClauses()
	case Search:
		return searchClauses()
	case Journal:
		return journalClauses()
	case All:
		return slices.Concat(addClauses(), findClauses(), searchClauses(), journalClauses(), wholeClauses())
	default:
		return nil
	}
}

func addClauses() []Clause {
	return slices.Concat(
		probeClauses(Add), createClauses(), acceptedNameClauses(), distinctNameClauses(Add),
		badBodyClauses(), badMediaClauses(), tooLargeClauses(), keyClauses(), keyBoundClauses(), addConcurrencyClauses(),
		changeClauses(), badChangeClauses(), removeClauses(), preconditionClauses(), opaqueNameClauses(Add),
		badPathNameClauses(Add), badTargetClauses(Add), methodClauses(Add), problemClauses(Add),
	)
}

func findClauses() []Clause {
	return slices.Concat(
		probeClauses(Find), readClauses(), conditionalClauses(), freshClauses(),
		opaqueNameClauses(Find), spelledNameClauses(), distinctNameClauses(Find),
		badPathNameClauses(Find), badTargetClauses(Find), methodClauses(Find), problemClauses(Find),
	)
}

func searchClauses() []Clause {
	return slices.Concat(
		probeClauses(Search), listClauses(), namePrefixClauses(), phoneClauses(), sinceClauses(), namedClauses(),
		pageClauses(), cursorClauses(), refusedParameterClauses(), searchFreshClauses(), methodClauses(Search), problemClauses(Search),
	)
}

func journalClauses() []Clause {
	return slices.Concat(
		probeClauses(Journal), journalRecordClauses(), journalListClauses(), refusedJournalClauses(), journalStreamClauses(),
		methodClauses(Journal), problemClauses(Journal),
	)
}

// idOf joins the parts of a clause's ID.
func idOf(slot Slot, parts ...string) string {
	return string(slot) + "/" + strings.Join(parts, "/")
}
