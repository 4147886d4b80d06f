package safety

import (
	"fmt"
	"strings"
)

// Case is one row of the table. In what it sends and expects, "/case" stands for the path that leads to its own upstream,
// which is another one for each case, so that cases can run at the same time.
type Case struct {
	Name   string
	Why    string   // the source of the rule, and what goes wrong without it
	Client Script   // what the client does and must get, in order
	Reach  Reach    // what may reach the upstream
	Serve  Behavior // of the upstream; the zero value answers every request
	Late   bool     // the client waits for the end of the time that the server under test gives a request
	// Nginx says why nginx (1.22, configured by bench/gateways) does something else, where it does.
	Nginx string
}

// Script is what a client does, step by step.
type Script []Step

// Step is something that a client does, or that must then happen to it.
type Step struct {
	Says string
	do   func(*client) error
}

// String lists the steps.
func (s Script) String() string {
	says := make([]string, len(s))
	for i, step := range s {
		says[i] = step.Says
	}
	return strings.Join(says, "; ")
}

// Reach is what may reach an upstream.
type Reach struct {
	Says  string
	check func(prefix string, got Received) error
}

// Received is all that an upstream was sent in a case.
type Received struct {
	Requests   []Request // complete, in the order of their connections
	Unfinished [][]byte  // what a connection that has ended held after its last complete request
}

// Behavior is how an upstream answers.
type Behavior struct {
	Says  string
	serve func(*Exchange) (keep bool)
}

// nothing is the reach of a refused request.
func nothing() Reach {
	return Reach{Says: "nothing", check: func(_ string, got Received) error {
		if len(got.Requests) > 0 || len(got.Unfinished) > 0 {
			return fmt.Errorf("the upstream got %v, want nothing", got)
		}
		return nil
	}}
}

// unfinished is the reach of a request whose fault shows only after a part of it may have been forwarded: nothing, or a part
// that no upstream takes for the whole.
func unfinished() Reach {
	return Reach{Says: "nothing, or the beginning of the request on a connection that ends within it",
		check: func(_ string, got Received) error {
			if len(got.Requests) > 0 {
				return fmt.Errorf("the upstream got the complete %v, want at most the beginning of a request", got)
			}
			return nil
		}}
}

// anything is the reach of a client that went away: as much of the one request as there was, or nothing.
func anything() Reach {
	return Reach{Says: "at most one request", check: func(_ string, got Received) error {
		if len(got.Requests)+len(got.Unfinished) > 1 {
			return fmt.Errorf("the upstream got %v, want at most one request", got)
		}
		return nil
	}}
}

// wholeOr is the reach of either of two.
func wholeOr(a, b Reach) Reach {
	return Reach{Says: a.Says + "; or " + b.Says, check: func(prefix string, got Received) error {
		if b.check(prefix, got) == nil {
			return nil
		}
		return a.check(prefix, got)
	}}
}

// String shows requests in one line each.
func (r Received) String() string {
	var all []string
	for _, request := range r.Requests {
		all = append(all, fmt.Sprintf("%.200q", request.String()))
	}
	for _, b := range r.Unfinished {
		all = append(all, fmt.Sprintf("unfinished %.300q", b))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

// demand is something that a forwarded request must fulfil beyond its method, target and body.
type demand struct {
	says  string
	check func(Request) error
}

// exactly is the reach of requests that are forwarded: "METHOD target body", in the order of their arrival.
func exactly(want string, demands ...demand) Reach {
	return reach(want, false, demands)
}

// atMost is exactly, or nothing: for what a gateway may forward or refuse.
func atMost(want string, demands ...demand) Reach {
	return reach(want, true, demands)
}

// anyOf wants what one of these wants.
func anyOf(one, other Reach) Reach {
	return Reach{Says: one.Says + ", or " + other.Says, check: func(prefix string, got Received) error {
		if other.check(prefix, got) == nil {
			return nil
		}
		return one.check(prefix, got)
	}}
}

// sequence joins the requests of one case.
func sequence(wants ...string) string { return strings.Join(wants, "\n") }

func reach(want string, orNothing bool, demands []demand) Reach {
	says := []string{strings.ReplaceAll(fmt.Sprintf("%q", want), `\n`, `", then "`)}
	for _, d := range demands {
		says = append(says, d.says)
	}
	if orNothing {
		says = append(says, "or nothing")
	}
	return Reach{Says: strings.Join(says, ", "), check: func(prefix string, got Received) error {
		if orNothing && len(got.Requests) == 0 && len(got.Unfinished) == 0 {
			return nil
		}
		have := make([]string, len(got.Requests))
		for i, r := range got.Requests {
			have[i] = r.String()
		}
		if wanted := localize(want, prefix); strings.Join(have, "\n") != wanted || len(got.Unfinished) > 0 {
			return fmt.Errorf("the upstream got %v, want %q", got, wanted)
		}
		for _, d := range demands {
			if err := d.check(got.Requests[0]); err != nil {
				return fmt.Errorf("the upstream got %v: %w", got, err)
			}
		}
		return nil
	}}
}

// without demands that a header field does not reach the upstream.
func without(name string) demand {
	return demand{says: "without " + name, check: func(r Request) error {
		for _, f := range r.Fields {
			if strings.EqualFold(f.Name, name) {
				return fmt.Errorf("the field %s: %s should not be there", f.Name, f.Value)
			}
		}
		return nil
	}}
}

// withoutValue demands that no header field has this value.
func withoutValue(value string) demand {
	return demand{says: "without a field that says " + value, check: func(r Request) error {
		for _, f := range r.Fields {
			if strings.Contains(f.Value, value) {
				return fmt.Errorf("the field %s: %s should not be there", f.Name, f.Value)
			}
		}
		return nil
	}}
}

const placeholder = "/case"

// localize puts the case's own path in the place of "/case".
func localize(text, prefix string) string { return strings.ReplaceAll(text, placeholder, prefix) }
