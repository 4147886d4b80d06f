package bench

import (
	"fmt"
	"io"
	"strings"

	"github.com/glarimy/ums/bench/report"
)

// figures are what services/find is to reach.
func figures() []report.Figure {
	return []report.Figure{
		{What: "CPU per request: find to get", Row: warm, Of: baseline, Metric: report.CPU, AtMost: 0.85},
		{What: "p99: find to get", Row: warm, Of: baseline, Metric: report.P99, AtMost: 1.15},
		{What: "requests/s: find to flask", Row: warm, Of: tutorial, Metric: report.PerSecond, AtLeast: 100},
	}
}

// write writes the result as Markdown.
func (b *bench) write(w io.Writer, busy string) error {
	table := report.Table{Baseline: baseline}
	for _, s := range b.servers {
		table.Rows = append(table.Rows, report.Row{Name: s.name, Label: s.label, Samples: s.samples})
	}
	o := b.options
	lines := []string{
		fmt.Sprintf("GET /user/{name}: medians of %d interleaved rounds of %v each, %d keep-alive connections, %d names. "+
			"× is in relation to %q.", o.rounds, o.duration, o.connections, len(b.set.Users), baseline),
		"",
	}
	if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
		return err
	}
	if err := table.WriteMarkdown(w); err != nil {
		return err
	}
	lines = []string{""}
	for _, f := range figures() {
		lines = append(lines, table.Verdict(f))
	}
	lines = append(lines, "",
		"- Machine: "+report.Machine()+"; load average before: "+busy,
		fmt.Sprintf("- Engines: %s, %s; go-redis %s, gorilla/mux %s", b.set.Database, b.set.Redis,
			report.Module("github.com/redis/go-redis/v9"), report.Module("github.com/gorilla/mux")),
	)
	for _, note := range b.notes {
		lines = append(lines, "- "+note)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}
