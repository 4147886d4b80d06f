package contract

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func createClauses() []Clause {
	return []Clause{
		{ID: "add/create/created", Says: "POST /user answers 201 with the record of the user", Run: created},
		{ID: "add/create/since", Says: "since is the moment of joining, in UTC, with six digits of a second or none", Run: createdSince},
		{ID: "add/create/etag", Says: `a new user's ETag is "<since in µs>-1"`, Run: createdETag},
		{ID: "add/create/location", Says: "Location leads to the user", Run: createdLocation},
		{
			ID: "add/create/duplicate-name", Says: "a second POST of the same name answers 409 and changes nothing",
			Run: duplicateName,
		},
		{
			ID: "add/create/duplicate-spelling", Says: "another spelling of a name (decomposed, padded) is the same name: 409",
			Run: duplicateSpelling,
		},
		{
			ID: "add/create/json-spelling", Says: "JSON may be spelled freely: white space, order of members, escapes",
			Run: jsonSpelling,
		},
		{
			ID: "add/create/media-spelling", Says: "application/json may be written in any case and with a charset",
			Run: mediaSpelling,
		},
		{ID: "add/create/phone-bounds", Says: "9000000000 and 999999999999999 are phone numbers", Run: phoneBounds},
	}
}

func created(ctx context.Context, c *Client) error {
	name, phone := newName(), newPhone()
	_, err := c.send(ctx, post(draft(name, phone)), isStatus(http.StatusCreated), isRecord(name, phone))
	return err
}

// clockTolerance is how far the clocks of the suite and of the system may be apart.
const clockTolerance = 5 * time.Minute

func createdSince(ctx context.Context, c *Client) error {
	now := time.Now()
	_, err := c.send(ctx, post(draft(newName(), newPhone())), isStatus(http.StatusCreated), func(r *response) string {
		got, complaint := parseRecord(r.body)
		if complaint != "" {
			return complaint
		}
		micros, err := got.sinceMicros()
		if off := time.UnixMicro(micros).Sub(now).Abs(); err != nil || off > clockTolerance {
			return "`since` to be about " + now.UTC().Format(time.RFC3339)
		}
		return ""
	})
	return err
}

func createdETag(ctx context.Context, c *Client) error {
	_, err := c.send(ctx, post(draft(newName(), newPhone())), isStatus(http.StatusCreated), isVersion(1))
	return err
}

func createdLocation(ctx context.Context, c *Client) error {
	name := newName()
	res, err := c.send(ctx, post(draft(name, newPhone())), isStatus(http.StatusCreated), isLocationOf(name))
	if err != nil {
		return err
	}
	_, err = c.send(ctx, removePath(locationPath(res)), isStatus(http.StatusNoContent))
	return err
}

// isLocationOf wants the Location of the answer to be this user's: on the same host, and with the name as one segment
// that decodes, once, to the name.
func isLocationOf(name string) expectation {
	return func(r *response) string {
		want := fmt.Sprintf("the header Location: %s, or an address that ends so", userPath(name))
		lines := r.header.Values("Location")
		if len(lines) != 1 {
			return want
		}
		at, err := url.Parse(lines[0])
		if err != nil || at.RawQuery != "" || at.Fragment != "" || at.Host != "" && at.Host != r.base.Host {
			return want
		}
		path := at.EscapedPath()
		before, segment, found := strings.Cut(path, userPrefix)
		if decoded, err := url.PathUnescape(segment); !found || err != nil || decoded != name ||
			strings.Contains(segment, "/") || before != strings.TrimSuffix(r.base.EscapedPath(), "/") {
			return want
		}
		return ""
	}
}

// locationPath returns the raw path that an answer's Location names, without that of the base address.
func locationPath(r *response) string {
	at, err := url.Parse(r.header.Get("Location"))
	if err != nil { // isLocationOf has seen to it
		return ""
	}
	return strings.TrimPrefix(at.EscapedPath(), strings.TrimSuffix(r.base.EscapedPath(), "/"))
}

func duplicateName(ctx context.Context, c *Client) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, post(draft(u.name, newPhone())), isProblem(userExists)); err != nil {
		return err
	}
	// The number it had is still its number, at the version it had.
	_, err = c.send(ctx, patch(u.name, change(u.phone)), isStatus(http.StatusOK), isRecord(u.name, u.phone), isSince(u.since),
		hasHeader("ETag", u.etag))
	return err
}

func duplicateSpelling(ctx context.Context, c *Client) error {
	tail := random(randomTail)
	u, err := c.addUser(ctx, "Ren\u00e9e "+tail)
	if err != nil {
		return err
	}
	for _, spelling := range []string{"Rene\u0301e " + tail, "  Ren\u00e9e " + tail + "\u3000"} {
		if _, err := c.send(ctx, post(draft(spelling, u.phone)), isProblem(userExists)); err != nil {
			return err
		}
	}
	return nil
}

func jsonSpelling(ctx context.Context, c *Client) error {
	name, phone := "\U0001F600/\""+newName(), newPhone()
	tail := strings.TrimPrefix(name, "\U0001F600/\"")
	body := fmt.Sprintf("\r\n\t { \"\\u0070hone\" :\t%d ,\n \"name\" : \"\\ud83d\\uDE00\\/\\u0022%s\" } \n ", phone, tail)
	_, err := c.send(ctx, post(body), isStatus(http.StatusCreated), isRecord(name, phone))
	return err
}

func mediaSpelling(ctx context.Context, c *Client) error {
	for _, media := range []string{"application/json; charset=utf-8", "Application/JSON", `application/json;charset="UTF-8"`} {
		name, phone := newName(), newPhone()
		req := post(draft(name, phone)).as(media)
		if _, err := c.send(ctx, req, isStatus(http.StatusCreated), isRecord(name, phone)); err != nil {
			return err
		}
	}
	return nil
}

func phoneBounds(ctx context.Context, c *Client) error {
	for _, phone := range []uint64{9_000_000_000, 999_999_999_999_999} {
		if _, err := c.addUserWith(ctx, newName(), phone); err != nil {
			return err
		}
	}
	return nil
}
