package schema_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver of the databases below

	"github.com/glarimy/ums/shared/schema"
)

// open returns an empty database that knows nothing of a schema.
func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "ums.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

const versionTable = "CREATE TABLE schema_migrations (version uint64, dirty bool)"

// at are the statements that say how far migrations have come. A floor of 0 is no row.
func at(version int, dirty bool, floor int) []string {
	statements := []string{
		versionTable,
		fmt.Sprintf("INSERT INTO schema_migrations VALUES (%d, %v)", version, dirty),
		"CREATE TABLE ums_schema_floor (id INTEGER PRIMARY KEY, min_version INTEGER NOT NULL)",
	}
	if floor > 0 {
		statements = append(statements, fmt.Sprintf("INSERT INTO ums_schema_floor VALUES (1, %d)", floor))
	}
	return statements
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		database []string
		want     error // nil: the gate opens
	}{
		"no tables":                   {nil, schema.ErrMissing},
		"no row":                      {[]string{versionTable}, schema.ErrMissing},
		"just right":                  {at(9, false, 9), nil},
		"no floor yet":                {at(9, false, 0), nil},
		"no table of floors":          {at(9, false, 0)[:2], nil},
		"too old":                     {at(7, false, 0), &schema.TooOldError{Version: 7, Required: 8}},
		"newer than required":         {at(8, false, 0), nil},
		"newer, floor allows":         {at(12, false, 9), nil},
		"newer, floor forbids":        {at(12, false, 10), &schema.FloorError{Version: 12, Known: 9, Floor: 10}},
		"newer, no floor":             {at(12, false, 0), &schema.FloorError{Version: 12, Known: 9}},
		"dirty":                       {at(9, true, 9), &schema.DirtyError{Version: 9}},
		"dirty, down to the empty":    {at(-1, true, 0), &schema.DirtyError{Version: 0}},
		"empty after going down":      {at(-1, false, 0), schema.ErrMissing},
		"dirty counts before too old": {at(3, true, 0), &schema.DirtyError{Version: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			execute(t, db, tc.database...)
			gate := schema.NewGate(db, schema.Options{Known: 9, Required: 8})
			err := gate.Check(t.Context())
			if !same(err, tc.want) {
				t.Errorf("Check: got %v, want %v", err, tc.want)
			}
			if ready := gate.Ready(); !same(ready, tc.want) {
				t.Errorf("Ready after Check: got %v, want %v", ready, tc.want)
			}
		})
	}
}

// same compares errors of this package, which hold all that they say in their text.
func same(got, want error) bool {
	if got == nil || want == nil {
		return got == want
	}
	return fmt.Sprintf("%T %v", got, got) == fmt.Sprintf("%T %v", want, want)
}

func TestMessagesSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want []string
	}{
		{schema.ErrMissing, []string{"migrate up"}},
		{&schema.DirtyError{Version: 4}, []string{"version 4", "migrate status"}},
		{&schema.TooOldError{Version: 4, Required: 9}, []string{"version 4", "needs 9", "migrate up"}},
		{&schema.FloorError{Version: 12, Known: 9, Floor: 10}, []string{"(12)", "(9)", "floor (10)", "newer program"}},
		{&schema.FloorError{Version: 12, Known: 9}, []string{"(12)", "(9)", "does not say", "newer program"}},
	} {
		for _, want := range tc.want {
			if got := tc.err.Error(); !strings.Contains(got, want) || strings.Contains(got, "\n") {
				t.Errorf("%T says %q, want one line with %q", tc.err, got, want)
			}
		}
	}
}

func TestReadyBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	if err := schema.NewGate(open(t), schema.Options{}).Ready(); err == nil {
		t.Error("a gate that never looked is open")
	}
}

func TestReadyStaysOnceSeen(t *testing.T) {
	t.Parallel()
	db := open(t)
	execute(t, db, at(9, false, 9)...)
	gate := schema.NewGate(db, schema.Options{Known: 9, Required: 9})
	if err := gate.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, db, "UPDATE schema_migrations SET dirty = true")
	var dirty *schema.DirtyError
	if err := gate.Check(t.Context()); !errors.As(err, &dirty) {
		t.Errorf("Check of a dirty schema: got %v, want a DirtyError", err)
	}
	if err := gate.Ready(); err != nil {
		t.Errorf("Ready after the schema was seen and became dirty: got %v, want nil", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gate.Check(t.Context()); err == nil {
		t.Error("Check of a closed database: got nil")
	}
	if err := gate.Ready(); err != nil {
		t.Errorf("Ready after the database went away: got %v, want nil", err)
	}
}

func TestCheckOfAnUnreadableDatabase(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	gate := schema.NewGate(db, schema.Options{})
	err := gate.Check(t.Context())
	if err == nil || errors.Is(err, schema.ErrMissing) {
		t.Errorf("Check: got %v, want an error that is not ErrMissing", err)
	}
	if gate.Ready() == nil {
		t.Error("the gate opened without having seen the schema")
	}
}

func TestConstantsAreTheDefaults(t *testing.T) {
	t.Parallel()
	if schema.Required > schema.Known {
		t.Fatalf("Required is %d, more than Known, %d", schema.Required, schema.Known)
	}
	db := open(t)
	execute(t, db, at(int(schema.Required), false, int(schema.Known))...)
	if err := schema.NewGate(db, schema.Options{}).Check(t.Context()); err != nil {
		t.Errorf("Check at the version required: %v", err)
	}
	execute(t, db, fmt.Sprintf("UPDATE ums_schema_floor SET min_version = %d", schema.Known+1))
	if err := schema.NewGate(db, schema.Options{}).Check(t.Context()); err == nil {
		t.Error("Check with a floor above the version known: got nil")
	}
}

// script is a handler that calls a function with every record's message and reason.
type script struct {
	slog.Handler
	told func(message, reason string)
}

func (s script) Enabled(context.Context, slog.Level) bool { return true }

func (s script) Handle(_ context.Context, r slog.Record) error {
	reason := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "reason" {
			reason = a.Value.String()
		}
		return true
	})
	s.told(r.Message, reason)
	return nil
}

func TestRunWaitsUntilTheSchemaIsThere(t *testing.T) {
	t.Parallel()
	db := open(t)
	var mu sync.Mutex
	var told []string
	// Each reason to wait is answered by a step towards the schema, as a migration that runs meanwhile would take it.
	logger := slog.New(script{told: func(message, reason string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, message)
		switch {
		case strings.Contains(reason, "no schema yet"):
			execute(t, db, at(4, true, 0)...)
		case strings.Contains(reason, "dirty"):
			execute(t, db, "UPDATE schema_migrations SET dirty = false")
		case strings.Contains(reason, "needs 9"):
			execute(t, db, "UPDATE schema_migrations SET version = 9")
		}
	}})
	gate := schema.NewGate(db, schema.Options{
		Known: 9, Required: 9, Logger: logger, MinInterval: time.Millisecond, MaxInterval: 2 * time.Millisecond,
	})
	if err := gate.Run(t.Context()); err != nil {
		t.Fatalf("Run: %v", err)
	}
	if err := gate.Ready(); err != nil {
		t.Errorf("Ready after Run: %v", err)
	}
	if got := strings.Join(told, ", "); got != "waiting for the schema, waiting for the schema, waiting for the schema, schema seen" {
		t.Errorf("told %q", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	logger := slog.New(script{told: func(string, string) { cancel() }})
	gate := schema.NewGate(open(t), schema.Options{Logger: logger, MinInterval: time.Hour})
	err := gate.Run(ctx)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, schema.ErrMissing) {
		t.Errorf("Run: got %v, want both the end of the context and the reason to wait", err)
	}
}

// silent is a database that never answers.
type silent struct{ *sql.DB }

func (s silent) QueryRowContext(ctx context.Context, query string, _ ...any) *sql.Row {
	<-ctx.Done()
	return s.DB.QueryRowContext(ctx, query)
}

func TestCheckDoesNotWaitForADatabaseThatIsSilent(t *testing.T) {
	t.Parallel()
	gate := schema.NewGate(silent{open(t)}, schema.Options{Timeout: time.Millisecond})
	if err := gate.Check(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Check: got %v, want the end of its time", err)
	}
}

func TestGateIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	db := open(t)
	execute(t, db, at(9, false, 9)...)
	gate := schema.NewGate(db, schema.Options{Known: 9, Required: 9})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := gate.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if err := gate.Ready(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
