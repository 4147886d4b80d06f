package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/glarimy/ums/services/add/relay"
)

// outboxStatus is the status of the outbox as JSON.
type outboxStatus struct {
	Waiting     uint64       `json:"waiting"`
	Oldest      *time.Time   `json:"oldest"` // null where nothing waits
	Leader      *string      `json:"leader"` // null where no relay leads
	ParkedUsers int          `json:"parked_users"`
	Parked      []parkedUser `json:"parked"`
}

type parkedUser struct {
	User        string    `json:"user"`
	Waiting     uint64    `json:"waiting"`
	Attempts    int       `json:"attempts"`
	NextAttempt time.Time `json:"next_attempt_at"`
	LastError   string    `json:"last_error"`
}

func writeStatus(w io.Writer, s relay.Status, now time.Time, asJSON bool) error {
	if asJSON {
		return writeJSON(w, statusJSON(s))
	}
	if _, err := io.WriteString(w, summary(s, now)); err != nil || s.ParkedUsers == 0 {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nPARKED USER\tWAITING\tATTEMPTS\tNEXT ATTEMPT\tLAST ERROR")
	for _, p := range s.Parked {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\n", printable(p.User), p.Waiting, p.Attempts, until(p.NextAttempt, now),
			printable(p.LastError))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more := s.ParkedUsers - len(s.Parked); more > 0 {
		_, err := fmt.Fprintf(w, "and %d more: --limit lists them\n", more)
		return err
	}
	return nil
}

// summary is what stands above the table.
func summary(s relay.Status, now time.Time) string {
	waiting, leader := "none", "none: no relay runs, or it cannot reach this database"
	if s.Waiting > 0 {
		waiting = fmt.Sprintf("%d, the oldest since %s", s.Waiting, age(now.Sub(s.Oldest)))
	}
	if s.Leader.Live {
		leader = printable(s.Leader.Holder)
	}
	return fmt.Sprintf("waiting events  %s\nparked users    %d\nleading relay   %s\n", waiting, s.ParkedUsers, leader)
}

// until tells a time to come; an attempt that is due comes as soon as a relay leads.
func until(at, now time.Time) string {
	if !at.After(now) {
		return "now"
	}
	return "in " + age(at.Sub(now))
}

func age(d time.Duration) string { return max(d, 0).Round(time.Second).String() }

// printable keeps what others have written from moving a terminal's cursor.
func printable(s string) string {
	quoted := strconv.Quote(s)
	if quoted[1:len(quoted)-1] == s || !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return s
	}
	return quoted
}

func statusJSON(s relay.Status) outboxStatus {
	out := outboxStatus{Waiting: s.Waiting, ParkedUsers: s.ParkedUsers, Parked: make([]parkedUser, len(s.Parked))}
	if s.Waiting > 0 {
		out.Oldest = &s.Oldest
	}
	if s.Leader.Live {
		out.Leader = &s.Leader.Holder
	}
	for i, p := range s.Parked {
		out.Parked[i] = parkedUser(p)
	}
	return out
}

func writeRetried(w io.Writer, users int, asJSON bool) error {
	if asJSON {
		return writeJSON(w, map[string]int{"users": users})
	}
	_, err := fmt.Fprintf(w, "%d parked users are tried again as soon as a relay leads\n", users)
	return err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
