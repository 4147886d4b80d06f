package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Table is the servers of a benchmark. The ratios in it are to the row that is named Baseline.
type Table struct {
	Rows     []Row
	Baseline string
}

// Row returns the row of this name.
func (t Table) Row(name string) (Row, bool) {
	for _, r := range t.Rows {
		if r.Name == name {
			return r, true
		}
	}
	return Row{}, false
}

// WriteMarkdown writes the table: the medians of each metric, and what they are of the baseline's.
func (t Table) WriteMarkdown(w io.Writer) error {
	lines := []string{
		"| | requests/s | p50 | p99 | CPU per request | × requests/s | × p99 | × CPU |",
		"|---|---:|---:|---:|---:|---:|---:|---:|",
	}
	base, _ := t.Row(t.Baseline)
	for _, r := range t.Rows {
		lines = append(lines, "| "+strings.Join([]string{
			r.Label,
			Thousands(r.Median(PerSecond)),
			Seconds(r.Median(P50)),
			Seconds(r.Median(P99)),
			Seconds(r.Median(CPU)),
			ratio(r, base, PerSecond),
			ratio(r, base, P99),
			ratio(r, base, CPU),
		}, " | ")+" |")
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// absent stands for a figure that there is not.
const absent = "–"

func ratio(r, base Row, m Metric) string {
	value, of := r.Median(m), base.Median(m)
	if value == 0 || of == 0 {
		return absent
	}
	return significant(value / of)
}

// significant formats a ratio with about three digits.
func significant(v float64) string {
	switch {
	case v >= 99.95:
		return Thousands(v)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 0.0995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}

// Seconds formats a time with three digits.
func Seconds(v float64) string {
	switch d := time.Duration(v * float64(time.Second)); {
	case d == 0:
		return absent
	case d < 999500*time.Nanosecond:
		return significant(float64(d)/float64(time.Microsecond)) + " µs"
	case d < 999500*time.Microsecond:
		return significant(float64(d)/float64(time.Millisecond)) + " ms"
	default:
		return significant(d.Seconds()) + " s"
	}
}

// Thousands formats a whole number with commas.
func Thousands(v float64) string {
	if v == 0 {
		return absent
	}
	text := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
