package add

import (
	"context"
	"database/sql"
	"slices"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/userdb"
)

// addition is all that one POST stores.
type addition struct {
	event outboxRow // and the user
	key   *keyRow   // nil without an idempotency key
}

func (a addition) name() user.Name { return a.event.user.Name }

// store stores several additions, all or none, in one packet, which MySQL alone takes. The error is user.ErrExists where
// a row of one of them is there already, of whichever table.
func store(ctx context.Context, tx *sql.Tx, dialect database.Dialect, additions []addition) error {
	users, events := make([]user.User, len(additions)), make([]outboxRow, len(additions))
	var keys []*keyRow
	for i, a := range additions {
		users[i], events[i] = a.event.user, a.event
		if a.key != nil {
			keys = append(keys, a.key)
		}
	}
	var (
		query string
		args  []any
	)
	if len(keys) > 0 {
		// In one order, and before the users, as wherever keys are taken: transactions that have some in common wait for each
		// other, but do not deadlock.
		slices.SortFunc(keys, func(a, b *keyRow) int { return a.compare(b.keyID) })
		var err error
		if query, args, err = keyStatement(dialect, keys...); err != nil {
			return err
		}
		query = "INSERT" + query + "; "
	}
	userQuery, userArgs := userdb.AddStatement(dialect, users...)
	eventQuery, eventArgs, err := outboxStatement(dialect, events...)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, query+userQuery+"; "+eventQuery, slices.Concat(args, userArgs, eventArgs)...)
	return userdb.AddError(err)
}
