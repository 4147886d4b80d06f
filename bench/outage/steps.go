package outage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// programs are the deployments of ours.
func programs() []string { return []string{"gateway", "find", "add", "search", "journal"} }

// Step is one thing that is done.
type Step struct {
	Title string
	// do does it, and returns once all that it disturbed is ready again. The time is the moment at which the database was
	// ready again, zero where it was not away.
	do func(ctx context.Context, c *Cluster) (time.Time, error)
	// failing tells which failed requests are allowed: none, writes alone, or those that are answered 503.
	failing rule
}

type rule int

const (
	nothing rule = iota
	writes
	unavailable
)

// Steps returns what is done, in this order. Pods are deleted for so long; bus is what Bus found.
func Steps(deleting, every time.Duration, bus string) []Step {
	deletion := func(ctx context.Context, c *Cluster) (time.Time, error) {
		return time.Time{}, deletePods(ctx, c, deleting, every)
	}
	return []Step{
		{"`kubectl rollout restart` of each deployment in turn", restart, nothing},
		{fmt.Sprintf("a random pod of ours deleted every %s for %s", every, deleting), deletion, nothing},
		{"the cache's Redis killed", kill("cache"), writes},
		{busTitle(bus), kill(bus), writes},
		{"MySQL's pod deleted", deleteMySQL, unavailable},
	}
}

func busTitle(bus string) string {
	if bus == kafka {
		return "the broker of Kafka killed"
	}
	return "the bus's Redis killed"
}

func restart(ctx context.Context, c *Cluster) (time.Time, error) {
	for _, name := range programs() {
		if err := c.kubectl(ctx, "rollout", "restart", "deployment", name); err != nil {
			return time.Time{}, err
		}
		if err := c.rolledOut(ctx, "deployment/"+name); err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}

// deletePods deletes pods as a drained node does, each with its time to end.
func deletePods(ctx context.Context, c *Cluster, deleting, every time.Duration) error {
	for end := time.Now().Add(deleting); time.Now().Before(end) && pause(ctx, every); {
		pods, err := c.pods(ctx, programs()[rand.IntN(len(programs()))])
		if err != nil {
			return err
		}
		var ready []string
		for _, p := range pods {
			if p.ready() {
				ready = append(ready, p.Metadata.Name)
			}
		}
		if len(ready) < 2 { // others end already; a disruption budget would not allow this one either
			continue
		}
		one := ready[rand.IntN(len(ready))]
		if err := c.kubectl(ctx, "delete", "pod", one, "--wait=false"); err != nil {
			return err
		}
	}
	for _, name := range programs() {
		if err := c.rolledOut(ctx, "deployment/"+name); err != nil {
			return err
		}
	}
	return nil
}

// kill ends a server at once, without a word to it.
func kill(name string) func(context.Context, *Cluster) (time.Time, error) {
	return func(ctx context.Context, c *Cluster) (time.Time, error) {
		if err := c.kubectl(ctx, "delete", "pod", name+"-0", "--grace-period=0", "--force"); err != nil {
			return time.Time{}, err
		}
		return time.Time{}, c.rolledOut(ctx, "statefulset/"+name)
	}
}

// deleteMySQL deletes the pod, and returns when the next one is ready.
func deleteMySQL(ctx context.Context, c *Cluster) (time.Time, error) {
	before, err := c.pods(ctx, "mysql")
	if err != nil || len(before) == 0 {
		return time.Time{}, fmt.Errorf("there is no pod of MySQL: %w", err)
	}
	if err := c.kubectl(ctx, "delete", "pod", before[0].Metadata.Name, "--wait=false"); err != nil {
		return time.Time{}, err
	}
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end) && pause(ctx, 100*time.Millisecond); {
		pods, err := c.pods(ctx, "mysql")
		if err == nil && len(pods) == 1 && pods[0].Metadata.UID != before[0].Metadata.UID && pods[0].ready() {
			return time.Now(), nil
		}
	}
	return time.Time{}, fmt.Errorf("MySQL was not ready again within 5 minutes")
}

func (c *Cluster) rolledOut(ctx context.Context, what string) error {
	return c.kubectl(ctx, "rollout", "status", what, "--timeout=5m")
}

// pause waits that long and returns true, or false if ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
