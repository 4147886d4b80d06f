package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/schema"
)

func (p *program) version(ctx context.Context, c *cli.Command) error {
	m, err := p.migrator(c)
	if err != nil {
		return err
	}
	state, err := m.Version(ctx)
	if err != nil {
		return err
	}
	return p.say(versionOf(state))
}

func (p *program) status(ctx context.Context, c *cli.Command) error {
	m, err := p.migrator(c)
	if err != nil {
		return err
	}
	status, err := m.Status(ctx)
	if err != nil {
		return err
	}
	return p.say(table(status))
}

// versionOf is what the verb version prints: the number, or none for the empty schema.
func versionOf(s schema.State) string {
	v := "none"
	if s.Version > 0 {
		v = strconv.FormatUint(s.Version, 10)
	}
	if s.Dirty {
		v += " (dirty)"
	}
	return v
}

func table(s migrations.Status) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "database\t%s\n", s.Database)
	fmt.Fprintf(w, "schema\t%s\n", versionOf(s.State))
	fmt.Fprintf(w, "program\t%d\n", s.Known)
	floor := "none"
	if s.State.Floor > 0 {
		floor = fmt.Sprintf("%d: the version that a program must know at least", s.State.Floor)
	}
	fmt.Fprintf(w, "floor\t%s\n", floor)
	fmt.Fprintf(w, "pending\t%s\n", pending(s))
	if s.Advice != "" {
		fmt.Fprintf(w, "advice\tif no migration is running: %s\n", s.Advice)
	}
	_ = w.Flush() // a strings.Builder does not fail
	return strings.TrimSuffix(b.String(), "\n")
}

func pending(s migrations.Status) string {
	if s.State.Version > s.Known {
		return "nothing: the schema is newer than this program"
	}
	if len(s.Pending) == 0 {
		return "nothing"
	}
	names := make([]string, len(s.Pending))
	for i, m := range s.Pending {
		names[i] = m.String()
	}
	return strings.Join(names, "\n\t")
}
