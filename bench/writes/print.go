package writes

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/load"
	"github.com/glarimy/ums/bench/report"
)

// Names of the rows.
const (
	bareRow    = "bare"
	serviceRow = "add"
)

// Figures to reach.
const (
	leastRatio = 0.7
	mostLag    = 200 * time.Millisecond
	mostHidden = time.Second // from a POST's answer until the user is seen in the journal and in lists
)

func (m *measurement) row() report.Row {
	const label = "**POST /user** of services/add, with its fence and the relay"
	return report.Row{Name: serviceRow, Label: label, Samples: m.samples.service}
}

// write writes the result as Markdown.
func (m *measurement) write(w io.Writer, busy string) error {
	table := report.Table{Baseline: bareRow, Rows: []report.Row{
		{Name: bareRow, Label: "bare: BEGIN, INSERT the user, INSERT the event, COMMIT", Samples: m.samples.bare}, m.row(),
	}}
	_, err := fmt.Fprintf(w, "Medians of %d interleaved rounds of %v each, %d writers. × is in relation to %q.\n\n",
		m.rounds, m.duration, m.connections, bareRow)
	if err != nil {
		return err
	}
	if err := table.WriteMarkdown(w); err != nil {
		return err
	}
	lines := []string{
		"",
		table.Verdict(report.Figure{
			What: "requests/s: POST /user to bare", Row: serviceRow, Of: bareRow, Metric: report.PerSecond, AtLeast: leastRatio,
		}),
		fmt.Sprintf("- from before the transaction to a reader of the stream, at %.0f requests/s: p50 %v, p99 %v, of %d events; "+
			"to reach: p99 under %v: %s", m.lagRate, m.lag.Percentile(50).Round(100*time.Microsecond),
			m.lag.Percentile(99).Round(100*time.Microsecond), m.lag.Requests, mostLag, reached(m.lag, mostLag)),
		m.seen("GET /journal?user=", m.visible.journal),
		m.seen("GET /user?name=", m.visible.search),
	}
	for _, r := range m.reads {
		lines = append(lines, fmt.Sprintf("- GET /user/{name} of services/find, at %d requests/s, while the bus hangs, "+
			"JOURNAL_READS=%s: p50 %v, p99 %v, of %d, %d failed",
			readRate, r.reads, r.result.Percentile(50).Round(10*time.Microsecond),
			r.result.Percentile(99).Round(10*time.Microsecond), r.result.Requests, r.result.Failed))
	}
	lines = append(lines,
		"",
		"- Machine: "+report.Machine()+"; load average before: "+busy,
		fmt.Sprintf("- Engines: %s with %s; %s, for the fences and the stream alike", m.set.Database, m.settings, m.set.Redis),
	)
	if m.failed > 0 {
		lines = append(lines, fmt.Sprintf("- **%d requests were not answered with 201**", m.failed))
	}
	_, err = fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// seen tells of users who were looked for.
func (m *measurement) seen(where string, r load.Result) string {
	return fmt.Sprintf("- from the answer of a POST until its user is in %s, at %.0f requests/s: p50 %v, p99 %v, of %d users; "+
		"to reach: p99 under %v: %s", where, m.lagRate, r.Percentile(50).Round(100*time.Microsecond),
		r.Percentile(99).Round(100*time.Microsecond), r.Requests, mostHidden, reached(r, mostHidden))
}

func reached(r load.Result, most time.Duration) string {
	if r.Percentile(99) < most {
		return "reached"
	}
	return "**not reached**"
}
