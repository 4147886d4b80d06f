// Package bustest is the suite of what bus.Bus promises, whatever carries the events. Every bus runs it unchanged.
package bustest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/bus"
)

// Options are what the suite sets of a bus. A field left zero has the bus's default.
type Options struct {
	Logger        *slog.Logger
	Registry      prometheus.Registerer
	TakeoverAfter time.Duration
}

// Server is what carries the events of one test. Its methods fail the test they are given if they cannot do their part.
type Server interface {
	// Open returns a bus that ends with the test.
	Open(t *testing.T, o Options) bus.Bus

	// OpenThrough returns a bus whose connections cut ends for good, without a word to the server.
	OpenThrough(t *testing.T, o Options) (b bus.Bus, cut func())

	// Write puts an entry on the bus as a program of another language does, with the data where it belongs.
	Write(t *testing.T, user, data string, attributes ...bus.Field)

	// Undone returns how many entries a group has not done, of those that its members have received at least.
	Undone(t *testing.T, group string) int64

	// Members returns how many consumers the server knows of a group.
	Members(t *testing.T, group string) int

	// Losses are the ways in which the server can lose what it has.
	Losses() map[string]func(t *testing.T)
}

// Outage is a server that can be stopped. What it has when it comes back is its own.
type Outage interface {
	Server
	Stop(t *testing.T)
	Start(t *testing.T)
}

// Kind is one kind of server.
type Kind struct {
	Name string

	// New returns an empty server for one test, or skips it with the reason.
	New func(t *testing.T) Server

	// NewOutage returns an empty server that the test may stop.
	NewOutage func(t *testing.T) Outage

	// OneOutage is true where a server takes long to start: the suite then has one outage and not several.
	OneOutage bool

	// TakeoverAfter is a short time after which a dead member's events are taken over.
	TakeoverAfter time.Duration
}

// Run runs the whole suite on servers of one kind.
func Run(t *testing.T, k Kind) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Kind){
		"AnotherLanguagesEvent":              anotherLanguagesEvent,
		"MalformedEntriesGoToTheDeadLetters": malformedEntries,
		"APoisonEvent":                       poisonEvent,
		"AnUnavailableHandler":               unavailableHandler,
		"AHandlerThatPanics":                 handlerThatPanics,
		"Retry":                              retry,
		"ASubscriptionWithoutAGroup":         withoutAGroup,
		"ALateGroup":                         lateGroup,
		"TheEventsAreLost":                   eventsAreLost,
		"TheEventsAreLostInTheMiddle":        lostInTheMiddle,
		"TheServerIsAway":                    serverIsAway,
		"PublishingToAServerThatIsAway":      publishingWhileAway,
		"ThreeReplicas":                      threeReplicas,
		"AMemberThatWorksLong":               memberThatWorksLong,
		"AMemberThatCannotWork":              memberThatCannotWork,
		"AMemberThatStops":                   memberThatStops,
		"AMemberThatStopsTellsNothing":       stoppedMember,
		"ARefusedEventHoldsBackItsUserAlone": refusedEvent,
		"NothingSoundToSend":                 nothingSound,
		"MembersThatComeAndGo":               restartedMembers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

// Logbook keeps what is logged. It is safe for concurrent use.
type Logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// Count returns how often the log has a text.
func (l *Logbook) Count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// Logger returns a logger that writes to the book.
func (l *Logbook) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Gauge returns a gauge of a group, or with "" the one that is of none; 0 while it is not there.
func Gauge(t *testing.T, registry *prometheus.Registry, name, group string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := metric.GetLabel()
			if of := len(labels) > 0 && labels[0].GetValue() == group; family.GetName() == name && (of || group == "") {
				return metric.GetGauge().GetValue()
			}
		}
	}
	return 0
}
