package deploy_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/glarimy/ums/deploy/edges"
)

// rules is the part of Prometheus's rule files that is used here.
type rules struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			For         string            `json:"for,omitempty"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	var file rules
	if err := yaml.UnmarshalStrict(read(t, "observability/alerts.yml"), &file); err != nil {
		t.Fatal(err)
	}
	manual := string(read(t, "../docs/operations.md"))
	sources := goSources(t)
	for _, rule := range file.Groups[0].Rules {
		if !strings.Contains(manual, "**"+rule.Alert+"**") {
			t.Errorf("docs/operations.md does not tell what to do about %s", rule.Alert)
		}
		if severity := rule.Labels["severity"]; severity != "page" && severity != "ticket" || rule.Annotations["summary"] == "" {
			t.Errorf("%s has the severity %q and the summary %q", rule.Alert, severity, rule.Annotations["summary"])
		}
		checkMetrics(t, sources, rule.Alert, rule.Expr)
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(read(t, "observability/grafana/dashboards/ums.json"), &board); err != nil {
		t.Fatal(err)
	}
	sources := goSources(t)
	for _, panel := range board.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("the panel %s shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			checkMetrics(t, sources, panel.Title, target.Expr)
		}
	}
}

// TestPrometheusAsksEverybody compares the targets with the edges.
func TestPrometheusAsksEverybody(t *testing.T) {
	t.Parallel()
	text := string(read(t, "observability/prometheus.yml"))
	for _, e := range declared(t).From(edges.Compose, "prometheus") {
		if !strings.Contains(text, e.To+":9464") {
			t.Errorf("prometheus.yml does not ask %s", e.To)
		}
	}
}

// checkMetrics fails unless the sources name each metric, whole or without its namespace and subsystem.
func checkMetrics(t *testing.T, sources, where, expr string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`ums_[a-z_]+`).FindAllString(expr, -1) {
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
		parts := strings.SplitN(name, "_", 3)
		if !strings.Contains(sources, `"`+name+`"`) && !strings.Contains(sources, `"`+parts[2]+`"`) {
			t.Errorf("%s: no program has the metric %s", where, name)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// goSources returns all Go files of the repository that are no tests, one after the other.
func goSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		all.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
