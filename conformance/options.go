package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/glarimy/ums/conformance/contract"
)

const defaultTimeout = 60 * time.Second

// options are what the command line asks for.
type options struct {
	slot     contract.Slot
	url      string
	writeURL string
	match    *regexp.Regexp
	timeout  time.Duration
	lag      time.Duration
	settle   time.Duration
	verbose  bool
	list     bool
}

// parseOptions reads the command line. Two variables of the environment stand in for absent flags: CONFORMANCE_URL and
// CONFORMANCE_WRITE_URL.
func parseOptions(args []string, getenv func(string) string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(out)
	slot := flags.String("slot", "", "the `slot` whose contract is checked: "+contract.SlotNames())
	flags.StringVar(&o.url, "url", getenv("CONFORMANCE_URL"),
		"the base `URL` of the gateway, or of the service that fills the slot")
	flags.StringVar(&o.writeURL, "write-url", getenv("CONFORMANCE_WRITE_URL"),
		"the base `URL` that takes POST, PATCH and DELETE, if -url is that of a service that only reads")
	match := flags.String("run", "", "check only the clauses whose ID matches this regular `expression`")
	flags.DurationVar(&o.timeout, "timeout", defaultTimeout, "how long one clause may take")
	flags.DurationVar(&o.lag, "lag", 0,
		"how long a change may take to be seen: 1s for a filling of add that does not fence the cache")
	flags.DurationVar(&o.settle, "settle", time.Second, "how long a change may take to be in lists and in the journal")
	flags.BoolVar(&o.verbose, "v", false, "show every request and answer")
	flags.BoolVar(&o.list, "list", false, "print the clauses, and check nothing")
	if err := flags.Parse(args); err != nil {
		return o, err // flags has printed it
	}
	if o.slot, err = contract.ParseSlot(*slot); err == nil {
		o.match, err = regexp.Compile(*match)
	}
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("there is no place for %q: every argument is a flag", flags.Arg(0))
	case o.url == "" && !o.list:
		err = errors.New("-url is missing: say where the system under test is, such as -url http://localhost:8080")
	case o.timeout <= 0:
		err = errors.New("-timeout must be more than nothing")
	}
	return o, err
}
