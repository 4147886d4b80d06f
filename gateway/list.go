package gateway

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/glarimy/ums/gateway/config"
)

// column is one thing that the table of routes tells of each.
type column struct {
	title string
	cell  func(config.Config, config.Route) string
}

// columns returns those of a configuration: what hardly any has gets one only where a route has it.
func columns(c config.Config) []column {
	list := []column{
		{"METHODS", func(_ config.Config, r config.Route) string { return methods(r) }},
		{"PATH", func(_ config.Config, r config.Route) string { return r.Path }},
		{"SERVED BY", destination},
		{"FIRST BYTE WITHIN", func(_ config.Config, r config.Route) string { return timeout(r) }},
		{"BODY UP TO", func(_ config.Config, r config.Route) string { return body(r) }},
	}
	for _, rare := range []column{
		{"SCOPES", func(_ config.Config, r config.Route) string { return strings.Join(r.Scopes, ", ") }},
		{"RATE LIMIT", func(_ config.Config, r config.Route) string { return r.RateLimit }},
		{"RETRIES", retries},
		{"AT A TIME", limit},
		{"STALE UP TO", func(_ config.Config, r config.Route) string { return staleness(r) }},
	} {
		if slices.ContainsFunc(c.Routes, func(r config.Route) bool { return rare.cell(c, r) != "" }) {
			list = append(list, column{rare.title, func(c config.Config, r config.Route) string {
				return cmp.Or(rare.cell(c, r), "-")
			}})
		}
	}
	return list
}

// printRoutes prints the routes of a configuration file, or of the built-in one, in the file's order: what holds for each
// once defaults and the environment are put in.
func printRoutes(file string, getenv func(string) string, stdout io.Writer) error {
	c, err := LoadConfig(file, getenv)
	if err != nil {
		return err
	}
	list := columns(c)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	line := func(cell func(column) string) {
		cells := make([]string, len(list))
		for i, each := range list {
			cells[i] = cell(each)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t")) // a tabwriter keeps what goes wrong for Flush
	}
	line(func(c column) string { return c.title })
	for _, r := range c.Routes {
		line(func(each column) string { return each.cell(c, r) })
	}
	return w.Flush()
}

func methods(r config.Route) string {
	list := strings.Join(r.Methods, ", ")
	return strings.Replace(list, "GET", "GET, HEAD", 1)
}

func destination(c config.Config, r config.Route) string {
	switch {
	case len(r.Aggregate) > 0:
		return "gateway: " + parts(r)
	case r.Upstream == "":
		return "gateway: " + string(r.Respond)
	}
	u, _ := c.Upstream(r.Upstream)
	urls := u.URLs
	if len(urls) == 0 {
		urls = []*url.URL{u.URL}
	}
	at := make([]string, len(urls))
	for i := range urls {
		at[i] = urls[i].String()
		if u.DNS {
			at[i] = "dns+" + at[i]
		}
	}
	return r.Upstream + " " + strings.Join(at, ", ")
}

// retries returns how often a request of a route may be sent again, where its upstream has more than one instance.
func retries(c config.Config, r config.Route) string {
	u, _ := c.Upstream(r.Upstream)
	if !u.DNS && len(u.URLs) < 2 {
		return ""
	}
	return strconv.Itoa(u.Resilience.Retries.Attempts)
}

// limit returns how many requests may wait for the upstream of a route, once any upstream has another limit than the usual.
func limit(c config.Config, r config.Route) string {
	usual := config.DefaultResilience().Limit
	special := slices.ContainsFunc(c.Upstreams, func(u config.Upstream) bool { return u.Resilience.Limit != usual })
	if !special || r.Upstream == "" {
		return ""
	}
	u, _ := c.Upstream(r.Upstream)
	switch l := u.Resilience.Limit; {
	case l.Max == 0:
		return "any number"
	case l.Min == l.Max:
		return strconv.Itoa(l.Max)
	default:
		return fmt.Sprintf("%d to %d", l.Min, l.Max)
	}
}

func staleness(r config.Route) string {
	if r.StaleIfError == 0 {
		return ""
	}
	return r.StaleIfError.String()
}

// parts names the upstreams of an aggregate, those in brackets that it can do without.
func parts(r config.Route) string {
	names := make([]string, len(r.Aggregate))
	for i, p := range r.Aggregate {
		names[i] = fmt.Sprintf("%s in %s", p.Upstream, p.Timeout)
		if !p.Required {
			names[i] = "[" + names[i] + "]"
		}
	}
	return strings.Join(names, " + ")
}

func timeout(r config.Route) string {
	switch {
	case r.Respond != "":
		return "-"
	case r.Timeout == 0:
		return "any time"
	default:
		return r.Timeout.String()
	}
}

func body(r config.Route) string {
	switch n := r.BodyLimit; {
	case n == 0:
		return "none"
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}
