package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

const checkDatabase, checkOutbox, checkRelay, checkJournal = "database", "outbox", "relay", "journal"

// How long an event may be on its way to the bus or the journal, which take less than a second.
const (
	lateWarn = 10 * time.Second
	lateFail = 2 * time.Minute
)

// parkedListed is how many parked users are read; their number is told whatever it is.
const parkedListed = 1

func (e *examination) database(ctx context.Context) []Finding {
	if e.Database == nil {
		if e.DatabaseSet {
			return []Finding{fail(checkDatabase, e.NoDatabase.Error(), "mend DATABASE_URL")}
		}
		return []Finding{skip(checkDatabase, e.NoDatabase.Error(), "")}
	}
	state, err := schema.Read(ctx, e.Database)
	if err != nil {
		return []Finding{fail(checkDatabase, fmt.Sprintf("it cannot be read: %v", err),
			"see that it runs, that DATABASE_URL and its password are right, and that this machine may connect")}
	}
	return []Finding{schemaState(state), e.databaseClock(ctx)}
}

func schemaState(s schema.State) Finding {
	err := s.Allows(schema.Known, schema.Required)
	var newer *schema.FloorError
	switch {
	case errors.As(err, &newer):
		return fail(checkDatabase, fmt.Sprintf("the schema is at version %d with the floor %d; this program knows %d",
			s.Version, s.Floor, schema.Known), "use a newer program: this one, and services as old, must not work on it")
	case err != nil:
		return fail(checkDatabase, err.Error(), "run `migrate up` (`ums up` does it itself)")
	case s.Version > schema.Known:
		return warn(checkDatabase, fmt.Sprintf(
			"the schema is at version %d, and this program knows %d; its floor, %d, allows that",
			s.Version, schema.Known, s.Floor), "use a newer `ums` to look after it")
	default:
		return ok(checkDatabase, "it answers, with the schema at version %d and the floor %d; this program knows %d",
			s.Version, s.Floor, schema.Known)
	}
}

func (e *examination) databaseClock(ctx context.Context) Finding {
	var at database.Time
	before := time.Now()
	if err := e.Database.QueryRowContext(ctx, "SELECT "+e.Database.Dialect.Now()).Scan(&at); err != nil {
		return fail(checkClock, fmt.Sprintf("the database does not tell the time: %v", err), "")
	}
	after, skew := time.Now(), time.Duration(0)
	switch {
	case at.Before(before):
		skew = before.Sub(at.Time)
	case at.After(after):
		skew = at.Sub(after)
	}
	return skewed("the database's clock", skew)
}

func (e *examination) outbox(ctx context.Context) []Finding {
	if e.Database == nil {
		return nil // said in the line of the database
	}
	status, err := relay.ReadStatus(ctx, e.Database, parkedListed)
	if err != nil {
		return []Finding{skip(checkOutbox, err.Error(), "mend the database first")}
	}
	list := []Finding{leads(status), waits(status)}
	if status.ParkedUsers > 0 {
		list = append(list, warn(checkOutbox, fmt.Sprintf("the events of %d users wait because one of them was refused",
			status.ParkedUsers), "`ums outbox` says whose and why; `ums outbox retry USER` has them tried again"))
	}
	size, err := relay.ReadSize(ctx, e.Database)
	if err != nil {
		return append(list, skip(checkOutbox, err.Error(), ""))
	}
	return append(list, e.keeps(size))
}

func leads(s relay.Status) Finding {
	const do = "start `ums up`, add or relay with EVENTS_URL, and read its log"
	switch {
	case s.Leader.Live:
		return ok(checkRelay, "%s leads", s.Leader.Holder)
	case s.Waiting > 0:
		return fail(checkRelay, "none leads, and events wait", do)
	default:
		return warn(checkRelay, "none leads: no event reaches the bus", do)
	}
}

func waits(s relay.Status) Finding {
	if s.Waiting == 0 {
		return ok(checkOutbox, "no event waits for the bus")
	}
	age := time.Since(s.Oldest)
	f := ok(checkOutbox, "%d events wait for the bus, the oldest for %s", s.Waiting, rounded(age))
	if f.Status = byAge(age, lateWarn, lateFail); f.Status != OK {
		f.Do = "see the lines of the relay and of the bus; `ums outbox` tells more"
	}
	return f
}

// keeps looks whether published events are removed in time.
func (e *examination) keeps(s relay.Size) Finding {
	const slack = 2 * time.Hour
	if s.Rows == 0 {
		return ok(checkOutbox, "it is empty")
	}
	age := time.Since(s.Oldest)
	f := ok(checkOutbox, "it holds up to %d events, the oldest %s old", s.Rows, rounded(age))
	if age > e.OutboxRetention+slack {
		f.Status = Warn
		f.Says += fmt.Sprintf(", which is more than OUTBOX_RETENTION (%s)", e.OutboxRetention)
		f.Do = "a relay must lead to remove them, and the journal must have them first"
	}
	return f
}

func (e *examination) journal(ctx context.Context) []Finding {
	if e.Database == nil {
		return nil
	}
	s, err := journal.ReadStatus(ctx, e.Database)
	if err != nil {
		return []Finding{skip(checkJournal, err.Error(), "mend the database first")}
	}
	age := time.Duration(0)
	if s.Behind > 0 {
		age = time.Since(s.Oldest)
	}
	f := ok(checkJournal, "it is complete up to sequence %d", s.Walked)
	if s.Behind > 0 {
		f.Says += fmt.Sprintf("; up to %d events are yet to come, the oldest %s old", s.Behind, rounded(age))
	}
	if s.Gaps > 0 {
		f.Says += fmt.Sprintf("; %d numbers before are looked for", s.Gaps)
	}
	const do = "start `ums up` or journal, and read its log; `ums journal verify` holds it against the outbox"
	switch f.Status = byAge(age, lateWarn, lateFail); {
	case !s.Leader.Live:
		f.Says += "; nobody appends"
		f.Status, f.Do = worse(f.Status, Warn), do
	case f.Status != OK:
		f.Do = do
	}
	return []Finding{f}
}

// worse returns the worse of two.
func worse(a, b Status) Status { return Worst([]Finding{{Status: a}, {Status: b}}) }
