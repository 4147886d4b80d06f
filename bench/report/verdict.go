package report

import (
	"fmt"
	"slices"
)

// Figure is something to reach: how much one row's metric may, or must, be of another's.
type Figure struct {
	What    string // such as "CPU per request"
	Row, Of string // names of rows
	Metric  Metric
	AtMost  float64 // the bound, or 0 where AtLeast is it
	AtLeast float64
}

// Verdict says in one line of Markdown what was reached, with how far the rounds were apart. The ratio is that of the
// medians; the spread is that of the ratios within each round, where both ran closest to each other.
func (t Table) Verdict(f Figure) string {
	row, found := t.Row(f.Row)
	of, foundOf := t.Row(f.Of)
	value, base := row.Median(f.Metric), of.Median(f.Metric)
	if !found || !foundOf || value == 0 || base == 0 {
		return fmt.Sprintf("- %s: not measured", f.What)
	}
	got := value / base
	bound, reached := fmt.Sprintf("at most %g", f.AtMost), got <= f.AtMost
	if f.AtLeast > 0 {
		bound, reached = fmt.Sprintf("at least %g", f.AtLeast), got >= f.AtLeast
	}
	verdict := "reached"
	if !reached {
		verdict = "**not reached**"
	}
	low, high := spread(row, of, f.Metric)
	return fmt.Sprintf("- %s: %s times (rounds: %s to %s); to reach: %s: %s",
		f.What, significant(got), significant(low), significant(high), bound, verdict)
}

// spread returns the least and the greatest ratio within a round. Both rows have samples.
func spread(row, of Row, m Metric) (low, high float64) {
	var ratios []float64
	for i := range min(len(row.Samples), len(of.Samples)) {
		ratios = append(ratios, m(row.Samples[i])/m(of.Samples[i]))
	}
	return slices.Min(ratios), slices.Max(ratios)
}
