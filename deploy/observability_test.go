package deploy_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	grafana "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
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

// dashboard is the part of Grafana's dashboards that is checked here. A grid has 24 columns.
type dashboard struct {
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Panels []struct {
		ID         int        `json:"id"`
		Type       string     `json:"type"`
		Title      string     `json:"title"`
		Datasource datasource `json:"datasource"`
		GridPos    struct{ H, W, X, Y int }
		Targets    []struct {
			RefID string `json:"refId"`
			Expr  string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// TestDashboardSchema holds the dashboard against the model of dashboards, panels and queries that Grafana publishes: a
// field that there is none of, one of another type and one that is missing are errors.
func TestDashboardSchema(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	text := read(t, "observability/grafana/dashboards/ums.json")
	var board grafana.Dashboard //nolint:staticcheck // what is provisioned by file is of this model
	wantStrict(t, "the dashboard", text, &board)
	if err := board.Validate(); err != nil {
		t.Error(err)
	}
	var parts struct { // which the model of the whole reads less strictly
		Panels []struct {
			FieldConfig json.RawMessage   `json:"fieldConfig"`
			Targets     []json.RawMessage `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	for i, panel := range parts.Panels {
		wantStrict(t, fmt.Sprint("the fields of panel ", i), panel.FieldConfig, new(grafana.FieldConfigSource))
		for _, target := range panel.Targets {
			wantStrict(t, fmt.Sprint("a query of panel ", i), target, new(prometheus.Dataquery))
		}
	}
}

// wantStrict fails t unless the model takes the text. Without a fault it returns an empty list of them, which is not nil.
func wantStrict(t *testing.T, what string, text []byte, model interface{ UnmarshalJSONStrict(text []byte) error }) {
	t.Helper()
	if err := model.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
		t.Errorf("%s: %v", what, err)
	}
}

// TestDashboard checks what Grafana would show an error for, or show on top of another panel, though it is well-formed.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var board dashboard
	if err := json.Unmarshal(read(t, "observability/grafana/dashboards/ums.json"), &board); err != nil {
		t.Fatal(err)
	}
	var provisioned struct {
		Datasources []datasource `json:"datasources"`
	}
	if err := yaml.Unmarshal(read(t, "observability/grafana/provisioning/datasources/prometheus.yml"), &provisioned); err != nil {
		t.Fatal(err)
	}
	if board.UID == "" || board.Title == "" || len(board.Panels) == 0 || len(provisioned.Datasources) != 1 {
		t.Fatalf("the dashboard %q, titled %q, has %d panels of %v", board.UID, board.Title, len(board.Panels), provisioned.Datasources)
	}
	sources := goSources(t)
	seen, taken := map[string]bool{}, map[[2]int]string{}
	once := func(what string) {
		if seen[what] {
			t.Errorf("there are two of %s", what)
		}
		seen[what] = true
	}
	for _, panel := range board.Panels {
		once(fmt.Sprintf("the id %d", panel.ID))
		once("the title " + panel.Title)
		if panel.Type != "timeseries" || panel.Datasource != provisioned.Datasources[0] || len(panel.Targets) == 0 {
			t.Errorf("the panel %s is a %s of %v with %d queries", panel.Title, panel.Type, panel.Datasource, len(panel.Targets))
		}
		for _, target := range panel.Targets {
			once(panel.Title + ", query " + target.RefID)
			checkMetrics(t, sources, panel.Title, target.Expr)
		}
		at := panel.GridPos
		if at.W < 1 || at.H < 1 || at.X < 0 || at.Y < 0 || at.X+at.W > 24 {
			t.Errorf("the panel %s is at %+v", panel.Title, at)
		}
		for cell := range at.W * at.H {
			place := [2]int{at.X + cell%at.W, at.Y + cell/at.W}
			if other, found := taken[place]; found {
				t.Fatalf("the panels %s and %s overlap", other, panel.Title)
			}
			taken[place] = panel.Title
		}
	}
}

// scrapes is the part of Prometheus's configuration that says whom it asks.
type scrapes struct {
	Configs []struct {
		Static []struct {
			Targets []string          `json:"targets"`
			Labels  map[string]string `json:"labels"`
		} `json:"static_configs"`
	} `json:"scrape_configs"`
}

// TestPrometheusAsksEverybody compares the targets with the edges. Who is not always there has a file of the same name.
func TestPrometheusAsksEverybody(t *testing.T) {
	t.Parallel()
	list := declared(t)
	always := list.From(edges.Compose, "prometheus")
	checkTargets(t, "prometheus", always)
	for _, e := range list.OptionalIn(edges.Compose) {
		if e.From != "prometheus" {
			continue
		}
		only := checkTargets(t, e.To, []edges.Edge{e}).Configs[0].Static[0]
		if only.Labels["job"] != "ums" {
			t.Errorf("%s has the labels %v, and the alerts ask for the job ums", e.To, only.Labels)
		}
	}
}

func checkTargets(t *testing.T, file string, asked []edges.Edge) scrapes {
	t.Helper()
	var s scrapes
	if err := yaml.Unmarshal(read(t, "observability/"+file+".yml"), &s); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range asked {
		want = append(want, fmt.Sprintf("%s:%d", e.To, e.Port))
	}
	if got := s.Configs[0].Static[0].Targets; !slices.Equal(got, want) {
		t.Errorf("%s.yml asks %v, want %v", file, got, want)
	}
	return s
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
