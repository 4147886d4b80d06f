package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/bench/report"
)

func sample(perSecond float64, p50, p99, cpu time.Duration) report.Sample {
	return report.Sample{PerSecond: perSecond, P50: p50, P99: p99, CPU: cpu}
}

func table() report.Table {
	const us, ms = time.Microsecond, time.Millisecond
	return report.Table{Baseline: "plain", Rows: []report.Row{
		{Name: "quick", Label: "The quick one", Samples: []report.Sample{
			sample(2_000, 500*us, 4*ms, 25*us), sample(30_000, 1500*us, 2*ms, 20*us), sample(24_000, 999_700, 3*ms, 24*us),
		}},
		{Name: "plain", Label: "The plain one", Samples: []report.Sample{
			sample(19_000, 2*ms, 2*ms, 40*us), sample(20_000, 2*ms, 4*ms, 30*us), sample(21_000, 2*ms, 3*ms, 30*us),
		}},
		{Name: "slow", Label: "The slow one", Samples: []report.Sample{
			sample(100, 600*ms, 999_600*us, 0), sample(200, 600*ms, 1200*ms, 0),
		}},
		{Name: "unmeasured", Label: "The one that was left out"},
	}}
}

func TestTable(t *testing.T) {
	t.Parallel()
	const want = `| | requests/s | p50 | p99 | CPU per request | × requests/s | × p99 | × CPU |
|---|---:|---:|---:|---:|---:|---:|---:|
| The quick one | 24,000 | 1.00 ms | 3.00 ms | 24.0 µs | 1.20 | 1.00 | 0.80 |
| The plain one | 20,000 | 2.00 ms | 3.00 ms | 30.0 µs | 1.00 | 1.00 | 1.00 |
| The slow one | 150 | 600 ms | 1.10 s | – | 0.0075 | 367 | – |
| The one that was left out | – | – | – | – | – | – | – |
`
	var got strings.Builder
	if err := table().WriteMarkdown(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("the table differs (-want +got):\n%s", diff)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 100, 1, 2}, 3},
	} {
		var row report.Row
		for _, v := range tt.values {
			row.Samples = append(row.Samples, report.Sample{PerSecond: v})
		}
		if got := row.Median(report.PerSecond); got != tt.want {
			t.Errorf("median of %v: got %v, want %v", tt.values, got, tt.want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		figure report.Figure
		want   string
	}{
		{
			report.Figure{What: "CPU", Row: "quick", Of: "plain", Metric: report.CPU, AtMost: 0.8},
			"- CPU: 0.80 times (rounds: 0.62 to 0.80); to reach: at most 0.8: reached",
		},
		{
			report.Figure{What: "CPU", Row: "quick", Of: "plain", Metric: report.CPU, AtMost: 0.79},
			"- CPU: 0.80 times (rounds: 0.62 to 0.80); to reach: at most 0.79: **not reached**",
		},
		{
			report.Figure{What: "requests/s", Row: "quick", Of: "slow", Metric: report.PerSecond, AtLeast: 160},
			"- requests/s: 160 times (rounds: 20.0 to 150); to reach: at least 160: reached",
		},
		{
			report.Figure{What: "requests/s", Row: "quick", Of: "slow", Metric: report.PerSecond, AtLeast: 161},
			"- requests/s: 160 times (rounds: 20.0 to 150); to reach: at least 161: **not reached**",
		},
		{report.Figure{What: "CPU", Row: "quick", Of: "slow", Metric: report.CPU, AtMost: 1}, "- CPU: not measured"},
		{report.Figure{What: "p99", Row: "quick", Of: "nobody", Metric: report.P99, AtMost: 1}, "- p99: not measured"},
		{report.Figure{What: "p50", Row: "unmeasured", Of: "plain", Metric: report.P50, AtMost: 1}, "- p50: not measured"},
	} {
		if diff := cmp.Diff(tt.want, table().Verdict(tt.figure)); diff != "" {
			t.Errorf("the verdict differs (-want +got):\n%s", diff)
		}
	}
}

func TestMachineIsOneLine(t *testing.T) {
	t.Parallel()
	if got := report.Machine(); !strings.Contains(got, "go1.") || strings.Contains(got, "\n") {
		t.Errorf("got %q, want one line that names the version of Go", got)
	}
	if got := report.Module("github.com/nobody/nothing"); got != "of unknown version" {
		t.Errorf("the version of a module that is not there: got %q", got)
	}
}
