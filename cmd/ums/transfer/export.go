package transfer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// pageSize is how many users a request asks for: as many as the API gives.
const pageSize = 500

// ExportOptions say how to write users, and where.
type ExportOptions struct {
	Client   *Client
	Format   Format        // CSV or NDJSON
	Output   string        // a file, which is there whole or not at all, or - for Stream
	Stream   io.Writer     // gets what there is as it comes
	Patience time.Duration // how long one page may take
	Begin    func() Progress
}

// Export writes every user in name order and returns how many. Users may come and go meanwhile: whoever stands all the
// time is written exactly once. A file is for its owner alone, as it holds phone numbers.
func Export(ctx context.Context, o ExportOptions) (users int64, err error) {
	if o.Output == "-" {
		return export(ctx, o, o.Stream)
	}
	folder := filepath.Dir(o.Output)
	file, err := os.CreateTemp(folder, ".ums-export-*")
	if err != nil {
		return 0, fmt.Errorf("write the export: %w; choose another place with -o", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	users, err = export(ctx, o, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return users, err
	}
	if err = os.Rename(file.Name(), o.Output); err != nil {
		return users, fmt.Errorf("put the export in its place: %w", err)
	}
	return users, nil
}

func export(ctx context.Context, o ExportOptions, to io.Writer) (users int64, err error) {
	out := bufio.NewWriterSize(to, 256<<10)
	w, err := newUserWriter(out, o.Format)
	if err != nil {
		return 0, err
	}
	c := &caller{client: o.Client, pace: newPace(1), patience: o.Patience}
	progress := o.Begin()
	last, cursor := "", ""
	for {
		p, err := readPage(ctx, c, cursor)
		if err != nil {
			return users, fmt.Errorf("%w, behind user %d: %w", errStopped, users, err)
		}
		for _, u := range p.Users {
			if users > 0 && u.Name <= last {
				return users, fmt.Errorf("%w: search gave a user out of order, behind user %d; its filling breaks the contract",
					errStopped, users)
			}
			if err := w.write(u); err != nil {
				return users, fmt.Errorf("write the export: %w", err)
			}
			last, users = u.Name, users+1
		}
		progress.Set(users)
		if p.Next == nil {
			if err := errors.Join(w.flush(), out.Flush()); err != nil {
				return users, fmt.Errorf("write the export: %w", err)
			}
			return users, nil
		}
		cursor = *p.Next
	}
}

// record is a user as the API gives it.
type record struct {
	Name  string      `json:"name"`
	Phone json.Number `json:"phone"`
	Since string      `json:"since"`
}

type page struct {
	Users []record `json:"users"`
	Next  *string  `json:"next"` // nil behind the last user
}

func readPage(ctx context.Context, c *caller, cursor string) (p page, err error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	a, err := c.call(ctx, http.MethodGet, "/user?"+query.Encode(), "", nil)
	if err != nil {
		return page{}, err
	}
	if a.status != http.StatusOK {
		_, err := refusal(a)
		if err == nil {
			err = fmt.Errorf("the system answers %s", a)
		}
		return page{}, err
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		return page{}, fmt.Errorf("the system's page of users is not as it should be: %w", err)
	}
	return p, nil
}
