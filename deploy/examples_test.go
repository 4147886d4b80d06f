package deploy_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glarimy/ums/deploy/edges"
)

// example is a filling of a slot in another language.
type example struct {
	name string // of its folder, and of its image
	slot string
}

// examples are all that examples/ has, by the rule that a folder is named slot-language.
func examples(t *testing.T) []example {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(root, "examples", "*", "Dockerfile"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	var all []example
	for _, folder := range folders {
		name := filepath.Base(filepath.Dir(folder))
		slot, _, _ := strings.Cut(name, "-")
		all = append(all, example{name: name, slot: slot})
	}
	return all
}

// TestExamplesOnKubernetes lays each example's component over both overlays, and asks of what comes of it what is asked of
// the overlays themselves.
func TestExamplesOnKubernetes(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		for _, overlay := range []string{dev, kafka, production} {
			t.Run(e.name+" on "+filepath.Base(overlay), func(t *testing.T) {
				t.Parallel()
				const folder = "/with-an-example"
				memory := manifests(t)
				err := memory.WriteFile(folder+"/kustomization.yaml", fmt.Appendf(nil,
					"resources: [..%s]\ncomponents: [../examples/%s/k8s/component]\n", overlay, e.name))
				if err != nil {
					t.Fatal(err)
				}
				all := objects(t, memory, folder)
				e.check(t, all, objects(t, memory, overlay))
				if overlay != production { // whose databases are elsewhere
					wantEdgesAlone(t, all, edgesWith(t, all))
				}
			})
		}
		if !slices.Equal(images(objects(t, manifests(t), "/examples/"+e.name+"/k8s/dev"), e.slot), []string{"ums/" + e.name + ":dev"}) {
			t.Errorf("%s: k8s/dev does not run its image", e.name)
		}
	}
}

// edgesWith returns the edges of Kubernetes, and those of the relay where there is one.
func edgesWith(t *testing.T, all []runtime.Object) []edges.Edge {
	t.Helper()
	list := declared(t).In(edges.Kubernetes)
	if _, there := pods(all)["relay"]; !there {
		return list
	}
	for _, e := range declared(t).OptionalIn(edges.Kubernetes) {
		if e.From == "relay" || e.To == "relay" {
			list = append(list, e)
		}
	}
	return list
}

// check compares a rendering with the one that the example is not in.
func (e example) check(t *testing.T, all, without []runtime.Object) {
	t.Helper()
	if got := images(all, e.slot); !slices.Equal(got, []string{"ums/" + e.name + ":dev"}) {
		t.Errorf("the slot %s is filled by %v", e.slot, got)
	}
	// A filling of add brings the relay, which is part of our own filling.
	if more := len(all) - len(without); more < 0 || more > 0 && e.slot != "add" {
		t.Errorf("there are %d objects, and %d without the example", len(all), len(without))
	}
	checkRestricted(t, e.name, all)
	for name, pod := range pods(all) {
		for _, c := range pod.Spec.Containers {
			checkContainer(t, e.name+": "+name, c)
		}
	}
	known := readVariables(t)
	for _, d := range of[*appsv1.Deployment](all) {
		if !slices.ContainsFunc(of[*corev1.Service](all), func(s *corev1.Service) bool { return s.Name == d.Name }) {
			continue // it has no clients, who would have to be served on
		}
		checkStopping(t, e.name, d)
		if d.Name != e.slot {
			continue
		}
		for _, v := range d.Spec.Template.Spec.Containers[0].Env {
			if !known[strings.TrimSuffix(v.Name, "_FILE")] {
				t.Errorf("%s is set for %s, and is no variable of UMS", v.Name, e.slot)
			}
			if file, ok := strings.CutPrefix(v.Value, "/run/secrets/ums/"); ok && !mounts(d.Spec.Template, file) {
				t.Errorf("%s of %s is %s, which is not mounted", v.Name, e.slot, v.Value)
			}
		}
	}
}

// images are those of a Deployment's containers.
func images(all []runtime.Object, name string) []string {
	var found []string
	for _, c := range pods(all)[name].Spec.Containers {
		found = append(found, c.Image)
	}
	return found
}

func mounts(pod corev1.PodTemplateSpec, file string) bool {
	for _, volume := range pod.Spec.Volumes {
		for _, source := range volume.Projected.Sources {
			if slices.ContainsFunc(source.Secret.Items, func(i corev1.KeyToPath) bool { return i.Path == file }) {
				return true
			}
		}
	}
	return false
}

// TestExamplesOnCompose lays each example's override over docker-compose.yml.
func TestExamplesOnCompose(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			project := compose(t, filepath.Join(root, "examples", e.name, "compose.yaml"))
			checkHardened(t, project)
			s := project.Services[e.slot]
			if s.Image != "ums/"+e.name+":dev" || s.Build == nil || filepath.Base(s.Build.Context) != e.name || len(s.Build.Args) > 0 {
				t.Errorf("the slot %s runs %s, built of %+v", e.slot, s.Image, s.Build)
			}
			if s.HealthCheck == nil || slices.Contains(s.HealthCheck.Test, "/program") {
				t.Errorf("the health of %s is asked by %v", e.slot, s.HealthCheck)
			}
			for variable, value := range s.Environment {
				name, ok := strings.CutPrefix(*value, "/run/secrets/")
				if ok && !slices.ContainsFunc(s.Secrets, func(c types.ServiceSecretConfig) bool { return c.Source == name }) {
					t.Errorf("%s is the secret %s, which %s is not given", variable, name, e.slot)
				}
			}
			e.checkEdges(t, project)
			if e.slot == "add" {
				checkRelay(t, project.Services["relay"])
			}
		})
	}
}

// checkEdges wants the networks of docker-compose.yml, and those of the optional edges of services that it has not. The
// filling may have fewer edges than ours; who is at the other end of one may then be left on its network, alone.
func (e example) checkEdges(t *testing.T, project *types.Project) {
	t.Helper()
	var list []edges.Edge
	filling := project.Services[e.slot]
	for _, edge := range declared(t).In(edges.Compose) {
		network := edge.From + "-" + edge.To
		if _, has := filling.Networks[network]; edge.From == e.slot && !has {
			delete(project.Services[edge.To].Networks, network)
			continue
		}
		list = append(list, edge)
	}
	ours := compose(t).Services
	for _, edge := range declared(t).OptionalIn(edges.Compose) {
		for _, end := range []string{edge.From, edge.To} {
			if _, ok := project.Services[end]; ok && ours[end].Name == "" {
				list = append(list, edge)
			}
		}
	}
	checkNetworks(t, project.WithoutUnnecessaryResources(), list)
}

// checkRelay looks at the relay that runs beside a filling of add: it is a program of ours, and reads what its edges need.
func checkRelay(t *testing.T, relay types.ServiceConfig) {
	t.Helper()
	if !strings.HasPrefix(relay.Image, "ums/relay:") || relay.Build == nil ||
		*relay.Build.Args["MODULE"] != "services/add" || *relay.Build.Args["PROGRAM"] != "relay" {
		t.Errorf("the relay is %s, built of %+v", relay.Image, relay.Build)
	}
	for _, edge := range declared(t).OptionalIn(edges.Compose) {
		if _, ok := relay.Environment[edge.Variable+"_FILE"]; edge.From == "relay" && !ok {
			t.Errorf("the relay has the edge to %s, and %s_FILE is not set", edge.To, edge.Variable)
		}
	}
}
