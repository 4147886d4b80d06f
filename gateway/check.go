package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/glarimy/ums/gateway/config"
)

// verdict is what `check --json` prints: a document for programs, on one line.
type verdict struct {
	File   string  `json:"file"`
	OK     bool    `json:"ok"`
	Faults []fault `json:"faults"`
}

type fault struct {
	Line    int    `json:"line"` // from 1; 0 if the fault has no place
	Message string `json:"message"`
}

// check prints OK, or every fault on a line of its own in the form that editors jump to. A file called - is stdin. The
// error says how many faults there are, and so ends the process with a status of its own.
func check(args []string, getenv func(string) string, stdin io.Reader, stdout io.Writer) error {
	asJSON := len(args) > 0 && args[0] == "--json"
	if asJSON {
		args = args[1:]
	}
	if len(args) != 1 {
		return fmt.Errorf("check takes one file\n%s", usage)
	}
	file := args[0]
	err := load(file, getenv, stdin)
	faults, isFaulty := errors.AsType[config.Errors](err)
	if err != nil && !isFaulty {
		return err // the file could not even be read
	}
	show := printVerdict
	if asJSON {
		show = printJSON
	}
	if err := show(stdout, file, faults); err != nil {
		return fmt.Errorf("print what is wrong with %s: %w", file, err)
	}
	if isFaulty {
		return fmt.Errorf("%s has %d faults", file, len(faults))
	}
	return nil
}

func load(file string, getenv func(string) string, stdin io.Reader) error {
	if file != "-" {
		_, err := LoadConfig(file, getenv)
		return err
	}
	data, err := io.ReadAll(stdin)
	if err != nil {
		return fmt.Errorf("read the gateway's configuration: %w", err)
	}
	_, err = config.Load("-", data, lookup(getenv))
	return err
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
		v.Faults = append(v.Faults, fault{Line: f.Line, Message: f.Message})
	}
	return json.NewEncoder(w).Encode(v)
}
