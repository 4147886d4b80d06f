package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/user"
)

// Kinds of findings. Scripts may tell them apart; they never change.
const (
	KindMissing    = "missing"    // the outbox has the event, the journal does not
	KindAltered    = "altered"    // both have it, not the same
	KindDoubled    = "doubled"    // the journal has one change of a user twice
	KindDisordered = "disordered" // a change of a user comes behind a later one
	KindUnreadable = "unreadable" // the data of a change do not say what it was
	KindUnrecorded = "unrecorded" // ums_users has a user who does not exist by the journal
	KindGone       = "gone"       // a user exists by the journal, and ums_users has none
	KindDifferent  = "different"  // ums_users has a user in another state than the journal
)

// Finding is one thing that is not as it should be. It holds no phone number.
type Finding struct {
	Kind     string `json:"kind"`
	User     string `json:"user,omitempty"`
	Event    string `json:"event,omitempty"` // its id
	Sequence uint64 `json:"sequence,omitempty"`
	Detail   string `json:"detail"`
}

// Verification is what a comparison of the outbox, the journal and the users found.
type Verification struct {
	Outbox   int       `json:"outbox"`  // events of the outbox
	Changes  int       `json:"changes"` // changes of users in the journal
	Users    int       `json:"users"`   // users that exist
	Pending  int       `json:"pending"` // events of the outbox that are too young to be missed
	Count    int       `json:"count"`   // of the findings
	Findings []Finding `json:"findings"`
}

// VerifyOptions bound a verification.
type VerifyOptions struct {
	Patience time.Duration    // how young an event may be that the journal does not have yet
	Limit    int              // how many findings are kept; all are counted
	Now      func() time.Time // the clock
}

// Verify holds the journal against the outbox and against ums_users, all of them as they are at one moment: every event of
// the outbox must be in the journal, as it is; a user's changes must be in order and once; and the changes of all users,
// one after the other, must give ums_users. It reads everything, and keeps the state of each user in memory.
func Verify(ctx context.Context, db *database.DB, o VerifyOptions) (v Verification, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return Verification{}, fmt.Errorf("begin to verify the journal: %w", err)
	}
	// The connection goes: nothing of the transaction must be left on one of the pool.
	defer func() { _ = conn.Raw(func(any) error { return driver.ErrBadConn }); _ = conn.Close() }()
	for _, statement := range beginAtOneMoment(db.Dialect) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return Verification{}, fmt.Errorf("begin to verify the journal: %w", err)
		}
	}
	a := &audit{VerifyOptions: o, db: conn, users: map[string]*account{}}
	a.Findings = []Finding{}
	for _, step := range []func(context.Context) error{a.compareOutbox, a.fold, a.compareUsers} {
		if err := step(ctx); err != nil {
			return Verification{}, fmt.Errorf("verify the journal: %w", err)
		}
	}
	return a.Verification, nil
}

// beginAtOneMoment returns the statements after which all others of a connection see the database as it is now.
func beginAtOneMoment(d database.Dialect) []string {
	if d == database.SQLite {
		return []string{"BEGIN"}
	}
	return []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"}
}

// audit is one verification under way.
type audit struct {
	VerifyOptions
	Verification
	db      *sql.Conn
	pending []row
	users   map[string]*account
}

// account is a user as the changes so far say.
type account struct {
	last    uint64 // the sequence of the newest change
	exists  bool
	unclear bool // a change cannot be read
	state   change
}

// change is the data of an event that changed a user.
type change struct {
	Phone   uint64 `json:"phone"`
	Since   string `json:"since"`
	Version uint64 `json:"version"`
}

func (a *audit) find(f Finding) {
	a.Count++
	if len(a.Findings) < a.Limit {
		a.Findings = append(a.Findings, f)
	}
}

// each calls visit for each row of a query.
func (a *audit) each(ctx context.Context, query string, visit func(*sql.Rows) error) (err error) {
	rows, err := a.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// compareOutbox looks for events of the outbox that the journal does not have, or not as they are.
func (a *audit) compareOutbox(ctx context.Context) error {
	if err := a.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM ums_outbox").Scan(&a.Outbox); err != nil {
		return err
	}
	const query = "SELECT o.seq, o.id, o.aggregateid, o.type, o.payload, o.occurred_at, j.id IS NULL FROM ums_outbox o " +
		"LEFT JOIN ums_journal j ON j.id = o.id WHERE j.id IS NULL OR COALESCE(j.sequence, 0) <> o.seq OR j.type <> o.type " +
		"OR COALESCE(j.user, '') <> o.aggregateid OR j.data <> o.payload ORDER BY o.seq"
	return a.each(ctx, query, func(rows *sql.Rows) error {
		var (
			r      row
			at     database.Time
			absent bool
		)
		if err := rows.Scan(&r.seq, &r.event.ID, &r.event.User, &r.event.Type, &r.event.Data, &at, &absent); err != nil {
			return err
		}
		f := Finding{User: r.event.User, Event: r.event.ID, Sequence: r.seq}
		switch {
		case !absent:
			f.Kind, f.Detail = KindAltered, "the journal has the event otherwise than the outbox"
		case a.Now().Sub(at.Time) < a.Patience:
			a.Pending++
			a.pending = append(a.pending, r)
			return nil
		default:
			f.Kind, f.Detail = KindMissing, "the outbox has the event, the journal does not"
		}
		a.find(f)
		return nil
	})
}

// fold goes through the changes in the order of the journal, and then through those that will come to it.
func (a *audit) fold(ctx context.Context) error {
	query := "SELECT id, type, COALESCE(user, ''), COALESCE(sequence, 0), data FROM ums_journal " +
		"WHERE type IN ('" + event.TypeAdded + "', '" + event.TypeChanged + "', '" + event.TypeRemoved + "') ORDER BY position"
	err := a.each(ctx, query, func(rows *sql.Rows) error {
		var r row
		if err := rows.Scan(&r.event.ID, &r.event.Type, &r.event.User, &r.seq, &r.event.Data); err != nil {
			return err
		}
		a.Changes++
		a.apply(r)
		return nil
	})
	for _, r := range a.pending {
		a.apply(r)
	}
	return err
}

// apply makes one change.
func (a *audit) apply(r row) {
	u := a.users[r.event.User]
	if u == nil {
		u = &account{}
		a.users[r.event.User] = u
	}
	f := Finding{User: r.event.User, Event: r.event.ID, Sequence: r.seq}
	switch {
	case r.seq == u.last && r.seq > 0:
		f.Kind, f.Detail = KindDoubled, "the journal has this change of the user twice"
		a.find(f)
		return
	case r.seq < u.last:
		f.Kind, f.Detail = KindDisordered, "the change comes behind that of sequence "+strconv.FormatUint(u.last, 10)
		a.find(f)
		return
	}
	u.last, u.exists, u.unclear = r.seq, r.event.Type != event.TypeRemoved, false
	if !u.exists {
		return
	}
	u.state = change{}
	if err := json.Unmarshal(r.event.Data, &u.state); err != nil || u.state.Phone == 0 {
		u.unclear = true
		f.Kind, f.Detail = KindUnreadable, "the data of the change do not say how the user is then"
		a.find(f)
	}
}

// compareUsers holds what the changes give against ums_users.
func (a *audit) compareUsers(ctx context.Context) error {
	err := a.each(ctx, "SELECT name, phone, since, version FROM ums_users ORDER BY name", func(rows *sql.Rows) error {
		var (
			name  string
			is    change
			since database.Time
		)
		if err := rows.Scan(&name, &is.Phone, &since, &is.Version); err != nil {
			return err
		}
		a.Users++
		u := a.users[name]
		if u == nil || !u.exists {
			a.find(Finding{Kind: KindUnrecorded, User: name, Detail: "ums_users has the user, who does not exist by the journal"})
			return nil
		}
		u.exists = false // so that those who are left have no row
		if what := u.differs(is, since.Time); what != "" {
			a.find(Finding{
				Kind: KindDifferent, User: name, Sequence: u.last, Detail: "ums_users has another " + what + " than the journal",
			})
		}
		return nil
	})
	for name, u := range a.users {
		if u.exists {
			a.find(Finding{
				Kind: KindGone, User: name, Sequence: u.last, Detail: "the user exists by the journal, and ums_users has none",
			})
		}
	}
	return err
}

// differs returns what of a user is not as the changes say, or "".
func (u *account) differs(is change, since time.Time) string {
	joined, err := user.ParseSince(u.state.Since)
	switch {
	case u.unclear:
		return ""
	case is.Phone != u.state.Phone:
		return "phone number"
	case err != nil || !joined.Equal(since):
		return "moment of joining"
	case is.Version != u.state.Version:
		return "version"
	}
	return ""
}
