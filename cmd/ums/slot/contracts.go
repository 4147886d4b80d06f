package slot

import (
	"fmt"
	"strings"
)

// Clauses selects, as the flag -run of the conformance suite, what a skeleton keeps before anything is written: probes,
// errors, methods that a path does not take, and segments of a path that cannot be a name.
const Clauses = "probe|problem|method|bad-name"

// contract is what a slot is, as far as a skeleton is made of it.
type contract struct {
	Slot   string
	Does   string // after "the service"
	Routes []route
}

// route is one path of a slot.
type route struct {
	Path       string // a segment in braces is any one segment
	Operations []operation
}

// operation is one method of a path. HEAD goes where GET goes.
type operation struct {
	Method  string
	Name    string // the operationId of openapi.yaml
	Answers string // after "answers"
}

// Snake is the name as Python writes it.
func (o operation) Snake() string {
	var b strings.Builder
	for _, r := range o.Name {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// contracts are the slots that can be filled, most specific route first.
func contracts() []contract {
	return []contract{
		{
			Slot: "find", Does: "finds a user by name",
			Routes: []route{{Path: "/user/{name}", Operations: []operation{
				{"GET", "findUser", "the user's record with its ETag, 304 or 404"},
			}}},
		},
		{
			Slot: "add", Does: "adds, changes and removes users",
			Routes: []route{
				{Path: "/user", Operations: []operation{{"POST", "addUser", "201, the record, Location and ETag, or 409"}}},
				{Path: "/user/{name}", Operations: []operation{
					{"PATCH", "changeUser", "the record with its new phone number and ETag, 404 or 412"},
					{"DELETE", "removeUser", "204, 404 or 412"},
				}},
			},
		},
		{
			Slot: "search", Does: "lists users by one filter, page by page",
			Routes: []route{{Path: "/user", Operations: []operation{
				{"GET", "listUsers", "a page of records and the cursor of the next one"},
			}}},
		},
		{
			Slot: "journal", Does: "records what happened, and tells it in order",
			Routes: []route{
				{Path: "/journal", Operations: []operation{
					{"GET", "listEvents", "a page of events and the cursor of the next one"},
				}},
				{Path: "/journal/stream", Operations: []operation{
					{"GET", "streamEvents", "events as they are recorded, without end"},
				}},
				{Path: "/journal/{id}", Operations: []operation{{"GET", "findEvent", "the event of this id, or 404"}}},
			},
		},
	}
}

// Slots lists the slots for a person.
func Slots() string { return oneOf(names(contracts(), func(c contract) string { return c.Slot })) }

func findContract(name string) (contract, error) {
	for _, c := range contracts() {
		if c.Slot == name {
			return c, nil
		}
	}
	return contract{}, fmt.Errorf("there is no slot %q: choose %s", name, Slots())
}
