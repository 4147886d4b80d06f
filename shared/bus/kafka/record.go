package kafka

import (
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/glarimy/ums/shared/event"
)

// Headers that are no attributes: the content type of CloudEvents' binary mode, and the id that Debezium's outbox router
// gives an event.
const (
	headerContentType = "content-type"
	headerID          = "id"
)

// encode makes the record of an event.
func encode(topic string, e event.Event) *kgo.Record {
	attributes := e.Attributes()
	headers := make([]kgo.RecordHeader, 0, len(attributes)+2)
	headers = append(headers,
		kgo.RecordHeader{Key: headerID, Value: []byte(e.ID)},
		kgo.RecordHeader{Key: headerContentType, Value: []byte(event.ContentType)})
	for _, a := range attributes {
		headers = append(headers, kgo.RecordHeader{Key: a.Name, Value: []byte(a.Value)})
	}
	r := &kgo.Record{Topic: topic, Headers: headers, Value: e.Data}
	if e.User != "" {
		r.Key = []byte(e.User)
	}
	return r
}

// decode makes the event of a record. The error tells what makes it none, and holds no part of its data.
func decode(r *kgo.Record) (event.Event, error) {
	values := make(map[string]string, len(r.Headers))
	for _, h := range r.Headers {
		if _, twice := values[h.Key]; twice && strings.HasPrefix(h.Key, "ce_") {
			return event.Event{}, errors.New("a header is there more than once")
		}
		values[h.Key] = string(h.Value)
	}
	get := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	return event.FromAttributes(get, r.Value)
}
