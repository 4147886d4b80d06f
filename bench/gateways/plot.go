package gateways

import (
	"fmt"
	"html"
	"strings"

	"github.com/glarimy/ums/bench/report"
)

// Sizes of the plot, in pixels.
const (
	plotLabels = 330 // width of the names
	plotBar    = 330 // longest bar
	plotValue  = 90  // room for a figure behind a bar
	plotLine   = 28  // height of a row
	plotTop    = 48
)

// bars is one half of a plot: a horizontal bar for each gateway.
type bars struct {
	title  string
	metric report.Metric
	format func(float64) string
	color  string
	ours   string // color of our own
}

// plot returns an SVG: CPU per request and requests/s of each gateway.
func (r *run) plot() string {
	halves := []bars{
		{"CPU per request (less is better)", report.CPU, report.Seconds, "#9db4c8", "#1f6f8b"},
		{"requests/s (more is better)", report.PerSecond, report.Thousands, "#c8b99d", "#8b5e1f"},
	}
	width, height := plotLabels+len(halves)*(plotBar+plotValue), plotTop+len(r.servers)*plotLine+12
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" `+
		`font-family="sans-serif" font-size="13">
<title>CPU per request and requests/s of each gateway</title>
<rect width="100%%" height="100%%" fill="#ffffff"/>
`, width, height)
	for i, s := range r.servers {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLabels-10, plotTop+i*plotLine+14,
			html.EscapeString(strings.ReplaceAll(s.label, "**", "")))
	}
	for i, half := range halves {
		half.draw(&b, r.servers, plotLabels+i*(plotBar+plotValue))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (h bars) draw(b *strings.Builder, servers []*server, x int) {
	fmt.Fprintf(b, `<text x="%d" y="28" font-weight="bold">%s</text>`+"\n", x, html.EscapeString(h.title))
	longest := 0.0
	for _, s := range servers {
		longest = max(longest, s.closed.Median(h.metric))
	}
	for i, s := range servers {
		value := s.closed.Median(h.metric)
		length := 0.0
		if longest > 0 {
			length = value / longest * plotBar
		}
		color := h.color
		if strings.HasPrefix(s.name, ours) {
			color = h.ours
		}
		y := plotTop + i*plotLine
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, length, plotLine-8, color)
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", float64(x)+length+5, y+14, h.format(value))
	}
}
