package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// IfExists says what becomes of a row whose user is there already.
type IfExists string

// What can become of such a row.
const (
	Skip   IfExists = "skip"   // it is counted, and the user stays as it is
	Update IfExists = "update" // the user gets the row's phone number
	Reject IfExists = "reject" // the row goes to the rejects
)

// checkpointEvery is how much is sent again at most after a kill -9.
const checkpointEvery = time.Second

// Progress is told how far a run has come.
type Progress interface {
	Set(done int64) // so many lines or users, those of the runs before included
}

// ImportOptions say what to import, and how.
type ImportOptions struct {
	Client   *Client
	Input    string    // a file, or - for Stream
	Stream   io.Reader // can be read once; its import cannot go on after it was stopped
	Format   Format
	IfExists IfExists

	State   string // path of the state file; not for a stream
	Rejects string // path of the file for rejected rows, which is made with the first of them, and must not be there before

	Concurrency int           // requests at a time, at most
	Patience    time.Duration // how long one row may go without a verdict

	// Begin is called once it is known how many lines there are, 0 where they cannot be counted, and how many an earlier
	// run has done.
	Begin func(lines, done int64) Progress
}

// Result tells how an import ended.
type Result struct {
	Counts  Counts        // of all its runs
	Resumed int64         // the rows that earlier runs had done
	Took    time.Duration // of this run
}

// Import adds the users of a file until all rows have their verdict, and removes the state file then. The result is valid
// with an error too: then the import was stopped, and the same call goes on with it.
func Import(ctx context.Context, o ImportOptions) (result Result, err error) {
	began := time.Now()
	in, err := openInput(ctx, o.Input, o.Stream, o.Format)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	l, err := openLedger(in, o)
	if err != nil {
		return Result{}, err
	}
	result.Resumed = l.at.Counts.Read
	reader, err := NewReader(in.reader, in.format)
	if err == nil && in.file != nil {
		err = reader.seek(in.file, l.at.At)
	}
	if err == nil {
		i := &importer{o: o, reader: reader, ledger: l, progress: o.Begin(in.lines, l.at.At.Lines),
			caller: &caller{client: o.Client, pace: newPace(o.Concurrency), patience: o.Patience}}
		err = i.run(ctx)
	} else if result.Resumed == 0 {
		return Result{}, errors.Join(fmt.Errorf("%s: %w", in.name, err), l.discard())
	}
	result.Counts, result.Took = l.at.Counts, time.Since(began)
	if err != nil {
		return result, errors.Join(err, l.stop())
	}
	return result, l.finish()
}

// ledger counts verdicts in the rows' order and keeps what the next run needs. It is for one goroutine.
type ledger struct {
	state   *state // nil for a stream
	rejects *rejects
	at      checkpoint
	saved   time.Time
}

func openLedger(in *input, o ImportOptions) (*ledger, error) {
	rejected, err := filepath.Abs(o.Rejects)
	if err != nil {
		return nil, fmt.Errorf("find the rejects file: %w; choose another place with -rejects", err)
	}
	l := &ledger{at: checkpoint{Import: newImportID(), Input: in.identity, System: o.Client.base}, saved: time.Now()}
	var last *checkpoint
	if in.file != nil {
		if l.state, last, err = openState(o.State); err != nil {
			return nil, err
		}
	}
	if last != nil {
		if err := last.fits(l.at, in.name, o.State); err != nil {
			return nil, errors.Join(err, l.state.close())
		}
		l.at = *last
	}
	if l.rejects, err = openRejects(rejected, last); err != nil {
		return nil, errors.Join(err, l.abandon(last != nil))
	}
	if last != nil && last.RejectsFile == rejected {
		return l, nil
	}
	l.at.RejectsFile = rejected
	return l, l.save() // the id and the path are on the disk before a key is made of the one, or a file of the other
}

// abandon leaves no state file behind of an import that has not begun.
func (l *ledger) abandon(resumed bool) error {
	switch {
	case l.state == nil:
		return nil
	case resumed:
		return l.state.close()
	default:
		return l.state.remove()
	}
}

// fits says whether an import can go on with this input at this system.
func (c *checkpoint) fits(now checkpoint, input, path string) error {
	switch {
	case c.Input != now.Input:
		return fmt.Errorf("%s has changed since its import was begun (%d rows are done): put back what it was, or remove %s to "+
			"begin anew; users who are there already are then counted as such", input, c.Counts.Read, path)
	case c.System != now.System:
		return fmt.Errorf("the import of %s was begun at %s: go on there, or remove %s to begin anew here", input, c.System, path)
	}
	return nil
}

// count records the verdict on the row behind the last one, all of it or, with an error, nothing.
func (l *ledger) count(row Row, v verdict) error {
	counts := l.at.Counts
	counts.Read++
	switch v.kind {
	case added:
		counts.Added++
	case existed:
		counts.Existed++
	case updated:
		counts.Existed++
		counts.Updated++
	default:
		counts.Rejected++
		if err := l.rejects.add(row, v.reason); err != nil {
			return err
		}
	}
	l.at.Counts = counts
	l.at.At = position{Rows: row.Number, Lines: row.Line, Offset: row.End}
	if time.Since(l.saved) < checkpointEvery {
		return nil
	}
	return l.save()
}

// save writes the rejects first: those that the state does not count are cut off by the next run.
func (l *ledger) save() (err error) {
	if l.at.Rejects, err = l.rejects.sync(); err != nil || l.state == nil {
		return err
	}
	l.saved = time.Now()
	return l.state.write(l.at)
}

// stop keeps what is needed to go on.
func (l *ledger) stop() error {
	err := errors.Join(l.save(), l.rejects.close())
	if l.state == nil {
		return err
	}
	return errors.Join(err, l.state.close())
}

// discard is stop for an import that could not begin.
func (l *ledger) discard() error { return errors.Join(l.rejects.close(), l.abandon(false)) }

// finish keeps the rejects alone.
func (l *ledger) finish() error {
	err := errors.Join(l.save(), l.rejects.close())
	if err != nil || l.state == nil {
		return err
	}
	return l.state.remove()
}
