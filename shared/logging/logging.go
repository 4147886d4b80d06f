// Package logging makes the logger of a program: JSON for machines, coloured lines for a person at a terminal.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// Config says what is logged and how.
type Config struct {
	Level  slog.Level `env:"LOG_LEVEL"  envDefault:"info"` // debug, info, warn or error
	Format string     `env:"LOG_FORMAT" envDefault:"auto"` // json, text, or auto: text on a terminal, else JSON
}

// New returns a logger that writes to w.
func New(w io.Writer, c Config) (*slog.Logger, error) {
	switch c.Format {
	case "json":
		return asJSON(w, c), nil
	case "text":
		return asText(w, c), nil
	case "auto", "":
		if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return asText(w, c), nil
		}
		return asJSON(w, c), nil
	default:
		return nil, fmt.Errorf("LOG_FORMAT is %q: use json, text or auto", c.Format)
	}
}

func asJSON(w io.Writer, c Config) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: c.Level}))
}

func asText(w io.Writer, c Config) *slog.Logger {
	_, isFile := w.(*os.File)
	return slog.New(tint.NewTextHandler(w, &tint.Options{Level: c.Level, TimeFormat: "15:04:05.000", NoColor: !isFile}))
}
