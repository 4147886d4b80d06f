package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/glarimy/ums/shared/bus"
)

// deadLetter is a dead letter as JSON. Fields are in the order of the entry, where a name may be there twice.
type deadLetter struct {
	ID       string     `json:"id"`
	Group    string     `json:"group"`
	Reason   string     `json:"reason"`
	Attempts int        `json:"attempts"`
	At       *time.Time `json:"at"` // null where another program wrote it
	Fields   []field    `json:"fields"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// writeDeadLetters prints dead letters. The table leaves out their data, which holds phone numbers; JSON has everything.
func writeDeadLetters(w io.Writer, letters []bus.DeadLetter, limit int, asJSON bool) error {
	if asJSON {
		return writeJSON(w, deadLettersJSON(letters))
	}
	if len(letters) == 0 {
		_, err := io.WriteString(w, "there are no dead letters\n")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tGROUP\tAT\tATTEMPTS\tTYPE\tUSER\tREASON")
	for _, l := range letters {
		at := "-" // where another program wrote it
		if !l.At.IsZero() {
			at = l.At.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", l.ID, printable(orDash(l.Group)), at, l.Attempts,
			printable(value(l, "ce_type")), printable(value(l, "ce_subject")), printable(orDash(l.Reason)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(letters) == limit {
		_, err := fmt.Fprintf(w, "there may be more: --after %s lists them\n", letters[limit-1].ID)
		return err
	}
	return nil
}

func orDash(s string) string { return cmp.Or(s, "-") }

// value returns a field of a dead letter, or "-".
func value(l bus.DeadLetter, name string) string {
	for _, f := range l.Fields {
		if f.Name == name && f.Value != "" {
			return f.Value
		}
	}
	return "-"
}

func deadLettersJSON(letters []bus.DeadLetter) []deadLetter {
	list := make([]deadLetter, len(letters))
	for i, l := range letters {
		list[i] = deadLetter{
			ID: l.ID, Group: l.Group, Reason: l.Reason, Attempts: l.Attempts, Fields: make([]field, len(l.Fields)),
		}
		if !l.At.IsZero() {
			list[i].At = &l.At
		}
		for j, f := range l.Fields {
			list[i].Fields[j] = field(f)
		}
	}
	return list
}

func writeRetriedLetters(w io.Writer, retried int, asJSON bool) error {
	if asJSON {
		return writeJSON(w, map[string]int{"retried": retried})
	}
	if retried == 1 {
		_, err := io.WriteString(w, "1 dead letter is on the bus again\n")
		return err
	}
	_, err := fmt.Fprintf(w, "%d dead letters are on the bus again\n", retried)
	return err
}
