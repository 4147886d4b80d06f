package gateways

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/glarimy/ums/bench/report"
)

// page returns the result in Markdown, and writes its plot beside -out.
func (r *run) page() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks: the gateway beside others

`+"`make bench-gateways`"+` has written this page; it does so on any machine. One route,
`+"`GET /user/{name}`"+`, to one upstream in a process of its own that answers a constant JSON of %d bytes. %d keep-alive
connections; medians of %d rounds of %v, in which the gateways take turns; all with their defaults, but for kept connections
to the upstream.

Load, gateway and upstream share the machine: requests/s says what the machine does, CPU per request (user and system time of
all processes of a gateway) what the gateway costs. Compare the second. The open loop asks at a constant %s requests/s; its
latencies count from when a request was due, so that a stall is not hidden (coordinated omission). Memory is what is resident,
with shared pages counted once: at rest, and with %s idle connections. %s

- Machine: %s; load average before: %s
`, len(record), r.options.connections, r.options.rounds, r.options.duration, report.Thousands(r.options.rate),
		report.Thousands(float64(r.options.idle)), r.where(), report.Machine(), orUnknown(r.busy))
	fmt.Fprintf(&b, "- %s\n", &r.stolen)
	for _, note := range r.notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	for _, s := range r.servers {
		if s.failed > 0 {
			fmt.Fprintf(&b, "- **%s did not answer %d requests with 200**\n", s.name, s.failed)
		}
	}
	b.WriteString("\n" + r.table() + "\n" + r.verdicts())
	if r.options.out != "" {
		plot := strings.TrimSuffix(filepath.Base(r.options.out), ".md") + ".svg"
		file := filepath.Join(filepath.Dir(r.options.out), plot)
		if err := os.WriteFile(file, []byte(r.plot()), 0o644); err != nil { //nolint:gosec // a page of documentation
			return "", err
		}
		fmt.Fprintf(&b, "\n![CPU per request and requests/s of each gateway](%s)\n", plot)
	}
	return b.String(), nil
}

// where tells through which network everything went.
func (r *run) where() string {
	if r.apart {
		return "All of it ran in a\nnetwork of its own, which has no packet filter; load and upstream on one processor at a time."
	}
	return "Every packet went\nthrough the machine's packet filter, whose time is in all figures."
}

func (r *run) table() string {
	nginxCPU, traefikRate := 0.0, 0.0
	for _, s := range r.servers {
		switch s.name {
		case nginx:
			nginxCPU = s.closed.Median(report.CPU)
		case traefik:
			traefikRate = s.closed.Median(report.PerSecond)
		}
	}
	var b strings.Builder
	b.WriteString("| gateway | requests/s | CPU per request | p50 | p99 | open loop p50 | p99 " +
		"| at rest | idle connections | × nginx's CPU | × Traefik's requests/s |\n" +
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range r.servers {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", s.label,
			report.Thousands(s.closed.Median(report.PerSecond)), report.Seconds(s.closed.Median(report.CPU)),
			report.Seconds(s.closed.Median(report.P50)), report.Seconds(s.closed.Median(report.P99)),
			report.Seconds(s.open.Median(report.P50)), report.Seconds(s.open.Median(report.P99)),
			megabytes(s.atRest), megabytes(s.idle),
			over(s.closed.Median(report.CPU), nginxCPU), over(s.closed.Median(report.PerSecond), traefikRate))
	}
	return b.String()
}

// verdicts hold the figures against what was promised.
func (r *run) verdicts() string {
	t := report.Table{}
	for _, s := range r.servers {
		t.Rows = append(t.Rows, report.Row{Name: s.name, Label: s.label, Samples: s.closed.Samples})
	}
	figures := []report.Figure{
		{What: "requests/s of the UMS gateway, of Traefik's", Row: ours, Of: traefik, Metric: report.PerSecond, AtLeast: 2.5},
		{What: "CPU per request of the UMS gateway, of nginx's", Row: ours, Of: nginx, Metric: report.CPU, AtMost: 1.5},
	}
	var b strings.Builder
	for _, f := range figures {
		b.WriteString(t.Verdict(f) + "\n")
	}
	return b.String()
}

func megabytes(b int64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f MB", float64(b)/1e6)
}

func over(v, of float64) string {
	if v == 0 || of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v/of)
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
