package redisstream

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glarimy/ums/shared/event"
)

// entry is an entry of a stream: names and values in turn, as they were written. One that was removed from the stream
// while it was pending has none.
type entry struct {
	id     string
	fields []string
}

// decode makes the event of an entry. The error tells what makes it none, and holds no part of its data.
func (e entry) decode() (event.Event, error) {
	values := make(map[string]string, len(e.fields)/2)
	for i := 0; i+1 < len(e.fields); i += 2 {
		name := e.fields[i]
		if _, twice := values[name]; twice && (name == fieldData || strings.HasPrefix(name, "ce_")) {
			return event.Event{}, errors.New("a field is there more than once")
		}
		values[name] = e.fields[i+1]
	}
	get := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	return event.FromAttributes(get, []byte(values[fieldData]))
}

// errAnswer says that what answers is no Redis as this package knows it.
var errAnswer = errors.New("the server's answer has an unknown form")

// readEntries reads the answer of XRANGE, and the part of the others' that looks like it.
func readEntries(answer any) ([]entry, error) {
	list, ok := answer.([]any)
	if !ok && answer != nil {
		return nil, fmt.Errorf("%w: entries are a %T", errAnswer, answer)
	}
	entries := make([]entry, 0, len(list))
	for _, item := range list {
		if item == nil { // removed from the stream meanwhile; Redis 6 leaves a hole
			continue
		}
		e, err := readEntry(item)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func readEntry(answer any) (entry, error) {
	pair, ok := answer.([]any)
	if !ok || len(pair) != 2 {
		return entry{}, fmt.Errorf("%w: an entry is a %T", errAnswer, answer)
	}
	id, ok := pair[0].(string)
	fields, isList := pair[1].([]any)
	if !ok || !isList && pair[1] != nil {
		return entry{}, fmt.Errorf("%w: an entry of %T and %T", errAnswer, pair[0], pair[1])
	}
	e := entry{id: id, fields: make([]string, len(fields))}
	for i, field := range fields {
		if e.fields[i], ok = field.(string); !ok {
			return entry{}, fmt.Errorf("%w: a field is a %T", errAnswer, field)
		}
	}
	return e, nil
}

// readStream reads the answer of XREADGROUP for one stream.
func readStream(answer any) ([]entry, error) {
	streams, ok := answer.([]any)
	if !ok || len(streams) != 1 {
		return nil, fmt.Errorf("%w: %T for one stream", errAnswer, answer)
	}
	pair, ok := streams[0].([]any)
	if !ok || len(pair) != 2 {
		return nil, fmt.Errorf("%w: a stream is a %T", errAnswer, streams[0])
	}
	return readEntries(pair[1])
}
