package main

import (
	"fmt"
	"slices"
)

// bus is what holds the events.
type bus struct {
	container string
	environ   []string // what compose is told, whatever .env says
}

// busOf returns the bus of a name, as BUS of the Makefile has it.
func busOf(name string) (bus, error) {
	switch name {
	case "redis":
		return bus{container: "bus", environ: []string{"COMPOSE_PROFILES=", "UMS_EVENTS_URL=events_url"}}, nil
	case "kafka":
		return bus{container: "kafka", environ: []string{"COMPOSE_PROFILES=kafka", "UMS_EVENTS_URL=kafka_events_url"}}, nil
	default:
		return bus{}, fmt.Errorf("there is no bus %q: use redis or kafka", name)
	}
}

// victims are killed one after the other: everything that runs for long and is needed.
func (b bus) victims() []string {
	return slices.Insert([]string{"find", "add", "search", "journal", "gateway", "cache", "mysql"}, 6, b.container)
}
