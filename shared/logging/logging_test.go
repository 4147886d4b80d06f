package logging_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/logging"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for format, isJSON := range map[string]bool{"json": true, "text": false, "auto": true, "": true} {
		var out bytes.Buffer
		logger, err := logging.New(&out, logging.Config{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		logger.Debug("hidden")
		logger.With("service", "find").Info("serving", "addr", "127.0.0.1:8080")
		if strings.Count(out.String(), "\n") != 1 || strings.Contains(out.String(), "hidden") {
			t.Errorf("%q: %s", format, out.String())
		}
		for _, part := range []string{"serving", "find", "127.0.0.1:8080"} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%q: no %s in %s", format, part, out.String())
			}
		}
		if json.Valid(out.Bytes()) != isJSON {
			t.Errorf("%q: JSON = %t, want %t: %s", format, !isJSON, isJSON, out.String())
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%q: colours without a terminal: %q", format, out.String())
		}
	}
}

// TestAutoInAFile: a file is no terminal.
func TestAutoInAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	logger, err := logging.New(file, logging.Config{Format: "auto"})
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("serving")
	if content, err := os.ReadFile(path); err != nil || !json.Valid(content) {
		t.Errorf("%s, %v", content, err)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger, err := logging.New(&out, logging.Config{Level: slog.LevelWarn, Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("hidden")
	logger.Warn("shown")
	if strings.Contains(out.String(), "hidden") || !strings.Contains(out.String(), "shown") {
		t.Error(out.String())
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	_, err := logging.New(&bytes.Buffer{}, logging.Config{Format: "xml"})
	if err == nil || err.Error() != `LOG_FORMAT is "xml": use json, text or auto` {
		t.Errorf("error = %v", err)
	}
}
