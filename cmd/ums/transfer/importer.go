package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/shared/problem"
)

// window is how many rows may be on their way for each request that runs, so that one row that takes long does not hold
// up the others at once.
const window = 32

// verdict is what became of a row.
type verdict struct {
	kind   verdictKind
	reason Reason // of a rejection
}

type verdictKind int

const (
	rejected verdictKind = iota
	added
	existed
	updated
)

// job is a row on its way. Its verdict is sent once, or never where the run is stopped.
type job struct {
	row     Row
	verdict chan verdict
}

// importer is one run of an import: one goroutine reads, several send, one counts in the rows' order.
type importer struct {
	o        ImportOptions
	reader   *Reader
	caller   *caller
	ledger   *ledger
	progress Progress
}

func (i *importer) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan *job)
	order := make(chan *job, window*i.o.Concurrency)
	group.Go(func() error { return i.read(ctx, jobs, order) })
	for range i.o.Concurrency {
		group.Go(func() error { return i.send(ctx, jobs) })
	}
	group.Go(func() error { return i.count(ctx, order) })
	err := group.Wait()
	if err != nil {
		return fmt.Errorf("%w, behind row %d: %w", errStopped, i.ledger.at.Counts.Read, err)
	}
	return nil
}

func (i *importer) read(ctx context.Context, jobs, order chan<- *job) error {
	defer close(jobs)
	defer close(order)
	for {
		row, err := i.reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		j := &job{row: row, verdict: make(chan verdict, 1)}
		for _, to := range []chan<- *job{order, jobs} {
			select {
			case to <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (i *importer) send(ctx context.Context, jobs <-chan *job) error {
	for j := range jobs {
		v, err := i.judge(ctx, j.row)
		if err != nil {
			return err
		}
		j.verdict <- v
	}
	return nil
}

func (i *importer) count(ctx context.Context, order <-chan *job) error {
	for j := range order {
		select {
		case v := <-j.verdict:
			if err := i.ledger.count(j.row, v); err != nil {
				return err
			}
			i.progress.Set(j.row.Line)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// judge brings one row to its verdict. An error stops the run.
func (i *importer) judge(ctx context.Context, row Row) (verdict, error) {
	if row.Fault != nil {
		return verdict{kind: rejected, reason: *row.Fault}, nil
	}
	header := map[string]string{"Idempotency-Key": i.key(row)}
	body := draft(row)
	for { // again only where someone removed the user between two calls
		a, err := i.caller.call(ctx, http.MethodPost, "/user", body, header)
		switch {
		case err != nil:
			return verdict{}, err
		case a.status == http.StatusCreated:
			return verdict{kind: added}, nil
		case !a.is(problem.UserExists):
			return refusal(a)
		case i.o.IfExists == Reject:
			return verdict{kind: rejected, reason: a.reason()}, nil
		case i.o.IfExists != Update:
			return verdict{kind: existed}, nil
		}
		a, err = i.caller.call(ctx, http.MethodPatch, "/user/"+url.PathEscape(row.Name), `{"phone":`+row.Phone+`}`, nil)
		switch {
		case err != nil:
			return verdict{}, err
		case a.status == http.StatusOK:
			return verdict{kind: updated}, nil
		case !a.is(problem.UserNotFound):
			return refusal(a)
		}
	}
}

// refusal tells an answer that is the row's fault from one that all rows would get.
func refusal(a answer) (verdict, error) {
	switch a.status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return verdict{kind: rejected, reason: a.reason()}, nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return verdict{}, fmt.Errorf("the system does not let in: it answers %s; give a key with -api-key or UMS_API_KEY", a)
	default:
		return verdict{}, fmt.Errorf("the system answers %s: is -url that of its gateway?", a)
	}
}

// key is the same for the same row of the same import, so that a row that is sent again is added once.
func (i *importer) key(row Row) string {
	content, _ := json.Marshal([]any{i.ledger.at.Import, i.ledger.at.Input, row.Number, row.Name, row.Phone}) // it always can
	sum := sha256.Sum256(content)
	return "ums-import-" + hex.EncodeToString(sum[:16])
}

func draft(row Row) string {
	name, _ := json.Marshal(row.Name) // a string always can
	return `{"name":` + string(name) + `,"phone":` + row.Phone + `}`
}
