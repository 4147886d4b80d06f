package gateway

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/glarimy/ums/gateway/config"
)

// printRoutes prints the routes of a configuration file, or of the built-in one, in the file's order.
func printRoutes(file string, getenv func(string) string, stdout io.Writer) error {
	c, err := LoadConfig(file, getenv)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	// A tabwriter keeps what goes wrong for Flush.
	fmt.Fprintln(w, "PATH\tMETHODS\tSERVED BY\tFIRST BYTE WITHIN\tBODY UP TO")
	for _, r := range c.Routes {
		fmt.Fprintln(w, strings.Join([]string{r.Path, methods(r), destination(c, r), timeout(r), body(r)}, "\t"))
	}
	return w.Flush()
}

func methods(r config.Route) string {
	list := strings.Join(r.Methods, ", ")
	return strings.Replace(list, "GET", "GET, HEAD", 1)
}

func destination(c config.Config, r config.Route) string {
	if r.Upstream == "" {
		return "gateway: " + string(r.Respond)
	}
	u, _ := c.Upstream(r.Upstream)
	return r.Upstream + " " + u.URL.String()
}

func timeout(r config.Route) string {
	switch {
	case r.Upstream == "":
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
