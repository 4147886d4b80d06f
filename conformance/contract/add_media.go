package contract

import (
	"context"
	"net/http"
	"strings"
)

// foreignMedia are media types of bodies that no slot takes; "" is none at all.
func foreignMedia() []struct{ id, media string } {
	return []struct{ id, media string }{
		{"missing", ""},
		{"text", "text/plain"},
		{"form", "application/x-www-form-urlencoded"},
		{"multipart", "multipart/form-data; boundary=x"},
		{"xml", "application/xml"},
		{"binary", "application/octet-stream"},
		{"text-json", "text/json"},
		{"prefix", "application/jsonp"},
		{"suffix", "application/vnd.api+json"},
		{"json-patch", "application/json-patch+json"},
	}
}

func badMediaClauses() []Clause {
	clauses := []Clause{{
		ID: "add/media/post-merge-patch", Says: "POST does not take a merge patch: 415, and nothing is stored",
		Run: func(ctx context.Context, c *Client) error { return foreignToPost(ctx, c, mediaMergePatch) },
	}}
	for _, m := range foreignMedia() {
		name := m.media
		if name == "" {
			name = "no media type at all"
		}
		clauses = append(clauses, Clause{
			ID: idOf(Add, "media", "post-"+m.id), Says: "POST with " + name + " answers 415, and nothing is stored",
			Run: func(ctx context.Context, c *Client) error { return foreignToPost(ctx, c, m.media) },
		}, Clause{
			ID: idOf(Add, "media", "patch-"+m.id), Says: "PATCH with " + name + " answers 415, and nothing is changed",
			Run: func(ctx context.Context, c *Client) error { return foreignToPatch(ctx, c, m.media) },
		})
	}
	return clauses
}

// inMedia returns the request with that media type, or with none.
func inMedia(req request, media string) request {
	if media == "" {
		return req.without("Content-Type")
	}
	return req.as(media)
}

func foreignToPost(ctx context.Context, c *Client, media string) error {
	name := newName()
	if _, err := c.send(ctx, inMedia(post(draft(name, newPhone())), media), isProblem(unsupportedMediaType)); err != nil {
		return err
	}
	return c.isAbsent(ctx, name)
}

func foreignToPatch(ctx context.Context, c *Client, media string) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, inMedia(patch(u.name, change(u.phone+1)), media), isProblem(unsupportedMediaType)); err != nil {
		return err
	}
	return c.isUnchanged(ctx, u)
}

// isUnchanged checks, by the add slot's own routes, that a user is still at the version known.
func (c *Client) isUnchanged(ctx context.Context, u user) error {
	_, err := c.send(ctx, patch(u.name, change(u.phone)), isStatus(http.StatusOK), isRecord(u.name, u.phone), isSince(u.since),
		hasHeader("ETag", u.etag))
	return err
}

// tooLarge is how long a body is that every server has to refuse.
const tooLarge = 1 << 20

func tooLargeClauses() []Clause {
	whole := func(r request) request { return r }
	inChunks := func(r request) request { r.chunked = true; return r }
	row := func(id, says string, send func(context.Context, *Client, func(request) request) error,
		shape func(request) request,
	) Clause {
		return Clause{ID: idOf(Add, "large", id), Says: says, Run: func(ctx context.Context, c *Client) error {
			return send(ctx, c, shape)
		}}
	}
	return []Clause{
		row("post", "POST of 1 MiB answers 413, and nothing is stored", tooLargePost, whole),
		row("post-chunked", "POST of 1 MiB of unannounced length answers 413", tooLargePost, inChunks),
		row("patch", "PATCH of 1 MiB answers 413, and nothing is changed", tooLargePatch, whole),
		row("patch-chunked", "PATCH of 1 MiB of unannounced length answers 413", tooLargePatch, inChunks),
	}
}

// padded lengthens a body by white space, which JSON ignores, to the length that is too much: only for its size it has
// to be refused.
func padded(body string) string {
	return "{" + strings.Repeat(" ", tooLarge-len(body)) + body[1:]
}

func tooLargePost(ctx context.Context, c *Client, shape func(request) request) error {
	name := newName()
	req := shape(post(padded(draft(name, newPhone()))).onWire())
	if _, err := c.send(ctx, req, isProblem(bodyTooLarge)); err != nil {
		return err
	}
	return c.isAbsent(ctx, name)
}

func tooLargePatch(ctx context.Context, c *Client, shape func(request) request) error {
	u, err := c.addUser(ctx, newName())
	if err != nil {
		return err
	}
	req := shape(patch(u.name, padded(change(u.phone+1))).onWire())
	if _, err := c.send(ctx, req, isProblem(bodyTooLarge)); err != nil {
		return err
	}
	return c.isUnchanged(ctx, u)
}
