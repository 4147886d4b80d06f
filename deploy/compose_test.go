package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/glarimy/ums/deploy/edges"
)

// compose loads docker-compose.yml as docker compose does, with every profile and without anybody's .env. Overrides come
// after it.
func compose(t *testing.T, overrides ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions(append([]string{filepath.Join(root, "docker-compose.yml")}, overrides...),
		cli.WithProfiles([]string{"*"}), cli.WithName("ums"))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// TestComposeNetworksAreTheEdges checks that two services share a network if and only if there is an edge.
func TestComposeNetworksAreTheEdges(t *testing.T) {
	t.Parallel()
	checkNetworks(t, compose(t), declared(t).In(edges.Compose))
}

// mostNetworks is how many Docker has addresses for, by its own settings, beside its own network.
const mostNetworks = 30

// checkNetworks wants a network for each edge with those at its ends on it, and no others.
func checkNetworks(t *testing.T, project *types.Project, list []edges.Edge) {
	t.Helper()
	members := map[string][]string{}
	for name, service := range project.Services {
		for network := range service.Networks {
			members[network] = append(members[network], name)
		}
	}
	want := map[string][]string{"front": {"gateway", "grafana", "prometheus"}}
	for _, e := range list {
		if e.From != "client" {
			want[e.From+"-"+e.To] = []string{e.From, e.To}
		}
	}
	for network, pair := range want {
		slices.Sort(members[network])
		slices.Sort(pair)
		if !slices.Equal(members[network], pair) {
			t.Errorf("on the network %s are %v, want %v", network, members[network], pair)
		}
	}
	if n := len(project.Networks); n > mostNetworks {
		t.Errorf("there are %d networks, and Docker has addresses for %d", n, mostNetworks)
	}
	for name, network := range project.Networks {
		if want[name] == nil {
			t.Errorf("the network %s, of %v, is no edge of deploy/edges.yaml", name, members[name])
		}
		if !network.Internal && name != "front" {
			t.Errorf("the network %s leads out", name)
		}
	}
}

// TestComposeIsHardened asks of containers what the manifests are asked for.
func TestComposeIsHardened(t *testing.T) {
	t.Parallel()
	checkHardened(t, compose(t))
}

func checkHardened(t *testing.T, project *types.Project) {
	t.Helper()
	published := map[string]string{"gateway": "8080", "prometheus": "9090", "grafana": "3000"}
	for name, s := range project.Services {
		switch {
		case !s.ReadOnly:
			t.Errorf("%s can write to its image", name)
		case !slices.Equal(s.CapDrop, []string{"ALL"}):
			t.Errorf("%s has capabilities", name)
		case len(s.CapAdd) > 0 && name != "bus-volume":
			t.Errorf("%s is given capabilities", name)
		case !slices.Contains(s.SecurityOpt, "no-new-privileges:true"):
			t.Errorf("%s may gain privileges", name)
		case s.MemLimit == 0:
			t.Errorf("%s has no limit of memory", name)
		case s.Restart == "":
			t.Errorf("%s does not say whether it starts again", name)
		}
		for _, port := range s.Ports {
			if port.Published != published[name] || port.HostIP != "127.0.0.1" {
				t.Errorf("%s is published at %s:%s", name, port.HostIP, port.Published)
			}
		}
		_, tag, tagged := strings.Cut(s.Image, ":")
		if !tagged || tag == "latest" {
			t.Errorf("%s runs an image that is not pinned: %s", name, s.Image)
		}
	}
}

func TestComposeHoldsNoSecret(t *testing.T) {
	t.Parallel()
	project := compose(t)
	for name, s := range project.Services {
		for variable, value := range s.Environment {
			secret := regexp.MustCompile(`PASSWORD|_URL|KEYS`).MatchString(variable)
			if secret && (value == nil || !strings.HasPrefix(*value, "/run/secrets/")) {
				t.Errorf("%s is given %s otherwise than as a file", name, variable)
			}
		}
	}
	for name, secret := range project.Secrets {
		if want := filepath.Join("deploy/secrets", name); !strings.HasSuffix(secret.File, want) {
			t.Errorf("the secret %s is %s, want %s", name, secret.File, want)
		}
		if !slices.Contains(secretFiles(), name) {
			t.Errorf("make-secrets does not write %s", name)
		}
	}
}

// TestVariables checks what compose and Kubernetes set: the same for a program, and nothing that no program reads.
func TestVariables(t *testing.T) {
	t.Parallel()
	known := readVariables(t)
	project := compose(t)
	for name, pod := range pods(objects(t, manifests(t), dev)) {
		if !slices.Contains(append(servers(), "migrate"), name) {
			continue
		}
		inCluster := map[string]bool{}
		for _, v := range pod.Spec.Containers[0].Env {
			inCluster[v.Name] = true
		}
		delete(inCluster, "SHUTDOWN_DELAY") // there is nobody between the gateway and compose's containers
		inCompose := project.Services[name].Environment
		for variable := range inCluster {
			if _, ok := inCompose[variable]; !ok {
				t.Errorf("compose does not set %s for %s, as Kubernetes does", variable, name)
			}
		}
		for variable := range inCompose {
			if !inCluster[variable] {
				t.Errorf("Kubernetes does not set %s for %s, as compose does", variable, name)
			}
			if !known[strings.TrimSuffix(variable, "_FILE")] {
				t.Errorf("%s is set for %s, and nothing reads it", variable, name)
			}
		}
		for _, e := range declared(t).From(edges.Kubernetes, name) {
			if e.Variable != "" && name != "gateway" && !inCluster[e.Variable+"_FILE"] {
				t.Errorf("%s has the edge to %s, and %s_FILE is not set", name, e.To, e.Variable)
			}
		}
	}
}

// TestEnginesAreTheSameEverywhere compares the images of compose with those of the overlays.
func TestEnginesAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	project := compose(t)
	for name, pod := range pods(objects(t, manifests(t), kafka)) {
		image := pod.Spec.Containers[0].Image
		if got := project.Services[name].Image; got != image {
			t.Errorf("%s runs %s on compose and %s on Kubernetes", name, got, image)
		}
	}
}

// readVariables returns every variable that a source of the repository reads.
func readVariables(t *testing.T) map[string]bool {
	t.Helper()
	variables := map[string]bool{}
	for _, match := range regexp.MustCompile("`env:\"([A-Z_]+)").FindAllStringSubmatch(goSources(t), -1) {
		variables[match[1]] = true
	}
	return variables
}

// TestOperationsKnowsTheNetworks holds what docs/operations.md says against what Docker's address pools must have.
func TestOperationsKnowsTheNetworks(t *testing.T) {
	t.Parallel()
	usual, all := map[string]bool{}, map[string]bool{}
	for _, service := range compose(t).Services {
		for network := range service.Networks {
			all[network] = true
			if len(service.Profiles) == 0 {
				usual[network] = true
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d in all (%d with the profile observability)", len(usual), len(all)); !strings.Contains(string(text), want) {
		t.Errorf("docs/operations.md does not say %q of the networks", want)
	}
}
