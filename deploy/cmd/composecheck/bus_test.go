package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
)

// TestBuses loads docker-compose.yml as each bus tells compose to: what there is that runs for long is killed, but for
// a bus that is not in use, and EVENTS_URL is the file of that bus.
func TestBuses(t *testing.T) {
	t.Parallel()
	for name, events := range map[string]string{"redis": "events_url", "kafka": "kafka_events_url"} {
		b, err := busOf(name)
		if err != nil {
			t.Fatal(err)
		}
		options, err := cli.NewProjectOptions([]string{"../../../docker-compose.yml"}, cli.WithEnv(b.environ),
			cli.WithDefaultProfiles(), cli.WithName("ums"))
		if err != nil {
			t.Fatal(err)
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		victims := b.victims()
		for service, s := range project.Services {
			lasting := s.Restart == "unless-stopped" && (service != "bus" || b.container == "bus")
			if slices.Contains(victims, service) != lasting {
				t.Errorf("%s: of %v, %s is killed, %v", name, victims, service, !lasting)
			}
		}
		if got := filepath.Base(project.Secrets["events_url"].File); got != events {
			t.Errorf("%s: EVENTS_URL is %s, want %s", name, got, events)
		}
		if _, ok := project.Services[b.container]; !ok {
			t.Errorf("%s: compose does not start %s", name, b.container)
		}
	}
	if _, err := busOf("rabbit"); err == nil || !strings.Contains(err.Error(), "rabbit") {
		t.Errorf("a bus that there is not: %v", err)
	}
}
