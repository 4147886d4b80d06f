package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/glarimy/ums/deploy/writer"
)

// patience is how long the journal and the bus may take for what they lack, once all containers are healthy.
const patience = time.Minute

// verify looks for what was acknowledged: in the database, in the journal, and on the bus.
func verify(ctx context.Context, c composition, w *writer.Writer, when string) error {
	acked, _ := w.Count()
	if lost := w.Check(ctx); len(lost) > 0 {
		return fmt.Errorf("%s, %d of %d acknowledged users are lost, as %q", when, len(lost), acked, lost[0])
	}
	begun := time.Now()
	err := eventually(ctx, func() error {
		wrong, err := w.CheckJournal(ctx)
		if err == nil && len(wrong) > 0 {
			err = fmt.Errorf("%s, %d of %d users are not in the journal exactly once, as %q", when, len(wrong), acked, wrong[0])
		}
		return err
	})
	if err != nil {
		return err
	}
	recorded := time.Since(begun)
	err = eventually(ctx, func() error {
		waiting, err := c.query(ctx, "SELECT COUNT(*) FROM ums_outbox WHERE published_at IS NULL")
		if err == nil && waiting != "0" {
			err = fmt.Errorf("%s, %s events wait in the outbox for the bus", when, waiting)
		}
		return err
	})
	if err != nil {
		return err
	}
	const all = "%s: all %d acknowledged users are there, in the journal exactly once (after %s), and on the bus (after %s)\n"
	fmt.Fprintf(c.out, all, when, acked, recorded.Round(time.Second/10), time.Since(begun).Round(time.Second/10))
	return nil
}

// eventually asks until there is nothing amiss, and returns what is amiss when it has no more patience.
func eventually(ctx context.Context, ask func() error) error {
	for end := time.Now().Add(patience); ; pause(ctx, settle/2) {
		err := ask()
		if err == nil || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// query returns what a query of one value answers.
func (c composition) query(ctx context.Context, sql string) (string, error) {
	const client = `MYSQL_PWD=$(cat /run/secrets/mysql_password) exec mysql -h127.0.0.1 -uums -N --batch -e "$0" ums`
	output, err := c.docker(ctx, "compose", "--project-name", c.project, "exec", "-T", "mysql", "sh", "-c", client, sql)
	return strings.TrimSpace(output), err
}
