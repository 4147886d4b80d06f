package outage

import (
	"context"
	"time"
)

// kafka is the name of the event bus where it is Kafka; Redis as the bus is called bus.
const kafka = "kafka"

// Bus returns the name of the event bus's StatefulSet.
func (c *Cluster) Bus(ctx context.Context) (string, error) {
	pods, err := c.pods(ctx, kafka)
	if err != nil || len(pods) == 0 {
		return "bus", err
	}
	return kafka, nil
}

// published waits until the relay that leads says that no event waits for the bus, or so much time is over. The journal
// takes what the bus does not bring from the outbox, so that it is complete says nothing of the bus.
func (c *Cluster) published(ctx context.Context, patience time.Duration) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if c.nothingWaits(ctx) {
			return true
		}
		if !pause(ctx, time.Second) {
			return false
		}
	}
	return false
}

func (c *Cluster) nothingWaits(ctx context.Context) bool {
	pods, err := c.pods(ctx, "add")
	if err != nil {
		return false
	}
	for _, p := range pods {
		page, err := c.get(ctx, "pods/"+p.Metadata.Name+":9464/proxy/metrics")
		if err == nil && metric(page, "ums_relay_leader") == 1 && metric(page, "ums_relay_lag_seconds") == 0 {
			return true
		}
	}
	return false
}
