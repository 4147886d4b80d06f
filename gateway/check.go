package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/glarimy/ums/gateway/access"
	"github.com/glarimy/ums/gateway/config"
)

// verdict is what `check --json` prints: a document for programs, on one line.
type verdict struct {
	File   string  `json:"file"`
	OK     bool    `json:"ok"`
	Faults []fault `json:"faults"`
}

type fault struct {
	File    string `json:"file,omitempty"` // if it is another one, which the configuration names
	Line    int    `json:"line"`           // from 1; 0 if the fault has no place
	Message string `json:"message"`
}

// check looks at a configuration, and at the files of keys that it names. It prints OK, or every fault on a line of its own
// in the form that editors jump to. A file called - is stdin. The error says how many faults there are, and so ends the
// process with a status of its own.
func check(args []string, getenv func(string) string, stdin io.Reader, stdout io.Writer) error {
	asJSON := len(args) > 0 && args[0] == "--json"
	if asJSON {
		args = args[1:]
	}
	if len(args) != 1 {
		return fmt.Errorf("check takes one file\n%s", usage)
	}
	file := args[0]
	c, err := load(file, getenv, stdin)
	faults, isFaulty := errors.AsType[config.Errors](err)
	if err != nil && !isFaulty {
		return err // the file could not even be read
	}
	if !isFaulty {
		faults = access.Check(c)
	}
	show := printVerdict
	if asJSON {
		show = printJSON
	}
	if err := show(stdout, file, faults); err != nil {
		return fmt.Errorf("print what is wrong with %s: %w", file, err)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s has %d faults", file, len(faults))
	}
	return nil
}

func load(file string, getenv func(string) string, stdin io.Reader) (config.Config, error) {
	if file != "-" {
		return LoadConfig(file, getenv)
	}
	data, err := io.ReadAll(stdin)
	if err != nil {
		return config.Config{}, fmt.Errorf("read the gateway's configuration: %w", err)
	}
	return config.Load("-", data, lookup(getenv))
}

func printVerdict(w io.Writer, file string, faults config.Errors) (err error) {
	if len(faults) == 0 {
		_, err = fmt.Fprintf(w, "%s: OK\n", file)
	} else {
		_, err = fmt.Fprintln(w, faults)
	}
	return err
}

func printJSON(w io.Writer, file string, faults config.Errors) error {
	v := verdict{File: file, OK: len(faults) == 0, Faults: []fault{}}
	for _, f := range faults {
		one := fault{Line: f.Line, Message: f.Message}
		if f.File != file {
			one.File = f.File
		}
		v.Faults = append(v.Faults, one)
	}
	return json.NewEncoder(w).Encode(v)
}
