package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/transport"
)

// kafka looks at the topic of events, and asks what every bus can answer.
func (e *examination) kafka(ctx context.Context) []Finding {
	b, err := transport.Config{URL: e.EventsURL, Password: e.EventsPassword}.Open(transport.Dependencies{})
	if err != nil {
		return []Finding{fail(checkBus, err.Error(), "mend it")}
	}
	defer func() { _ = b.Close() }()
	var list []Finding
	if topic, isKafka := b.(*kafka.Bus); isKafka {
		report, err := topic.Inspect(ctx)
		if err != nil {
			return []Finding{fail(checkBus, "the brokers of EVENTS_URL cannot be asked: "+oneLine(err),
				"see that one of them runs, that tls=…, sasl=…, the user and the password of EVENTS_URL are theirs, "+
					"and that this machine may connect")}
		}
		list = append(list, topicReport(report))
	}
	letters, err := b.DeadLetters(ctx, "", 1)
	switch {
	case err != nil:
		return append(list, fail(checkBus, "the dead letters cannot be read: "+oneLine(err),
			"see that its user may read their topic"))
	case len(letters) > 0:
		return append(list, deadLetters("it has dead letters"))
	}
	return append(list, ok(checkBus, "it has no dead letters; Kafka's own tools tell the lag of its groups"))
}

func topicReport(r kafka.Report) Finding {
	says := fmt.Sprintf("the topic %s has %d partitions of %d replicas", r.Topic, r.Partitions, r.Replicas)
	switch {
	case r.Partitions == 0:
		return warn(checkBus, "the brokers answer, and have no topic "+r.Topic,
			"the first to publish or to consume makes it, if its user may: see what the log of add and of the relay says")
	case r.Leaderless > 0:
		return fail(checkBus, fmt.Sprintf("%s, and %d partitions have no leader", says, r.Leaderless),
			"bring back the brokers that have them")
	case r.Replicas < r.Wanted:
		return warn(checkBus, fmt.Sprintf("%s, and EVENTS_URL says %d", says, r.Wanted),
			"give it more, or say so there: replication=…")
	case r.InSync < r.Replicas:
		return warn(checkBus, fmt.Sprintf("%s, of which only %d are in sync", says, r.InSync), "see that all brokers run")
	}
	return ok(checkBus, "%s, all in sync", says)
}

// oneLine tells several errors in the line of one.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
