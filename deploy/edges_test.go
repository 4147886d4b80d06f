package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glarimy/ums/deploy/edges"
)

// TestPoliciesAreMadeOfTheEdges compares the files with what `make edges` would write.
func TestPoliciesAreMadeOfTheEdges(t *testing.T) {
	t.Parallel()
	files, err := declared(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what deploy/edges.yaml comes to (%v): run make edges", path, err)
		}
	}
}

// TestPoliciesAllowTheEdgesAlone tries every pair of workloads at every port against all policies together, by the
// rules of the API's documentation, and not by the code that made them.
func TestPoliciesAllowTheEdgesAlone(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{dev, kafka} {
		t.Run(overlay, func(t *testing.T) {
			t.Parallel()
			wantEdgesAlone(t, objects(t, manifests(t), overlay), declared(t).In(edges.Kubernetes))
		})
	}
}

func wantEdgesAlone(t *testing.T, all []runtime.Object, list []edges.Edge) {
	t.Helper()
	policies := of[*networkingv1.NetworkPolicy](all)
	workloads := pods(all)
	want := map[[2]string]int32{}
	for _, e := range list {
		want[[2]string{e.From, e.To}] = e.Port
	}
	for from, client := range workloads {
		for to, server := range workloads {
			for _, port := range []int32{8080, 9464, 3306, 6379, 9092} {
				got := sends(policies, client.Labels, server.Labels, port) && takes(policies, client.Labels, server.Labels, port)
				if from == to {
					continue
				}
				if to == "gateway" && port == 8080 { // whose clients are anybody, in dev; what they may send decides
					got = sends(policies, client.Labels, server.Labels, port)
				}
				if wanted := want[[2]string{from, to}] == port; got != wanted {
					t.Errorf("%s to %s at %d: allowed is %v, want %v", from, to, port, got, wanted)
				}
			}
		}
	}
	if !slices.ContainsFunc(policies, func(p *networkingv1.NetworkPolicy) bool {
		return len(p.Spec.PodSelector.MatchLabels) == 0 && len(p.Spec.PolicyTypes) == 2 &&
			len(p.Spec.Ingress) == 0 && len(p.Spec.Egress) == 0
	}) {
		t.Error("no policy denies what no other one allows")
	}
}

// TestOptionalEdges has each of them by its component, and by that alone, with the program that reads its variable.
func TestOptionalEdges(t *testing.T) {
	t.Parallel()
	memory := manifests(t)
	for _, e := range declared(t).Components() {
		const overlay = "/deploy/overlays/optional"
		component := "../../components/" + e.From + "-" + e.To
		kustomization := "resources: [../dev]\nnamespace: ums\ncomponents: [" + component + "]\n"
		if err := memory.WriteFile(overlay+"/kustomization.yaml", []byte(kustomization)); err != nil {
			t.Fatal(err)
		}
		for folder, want := range map[string]bool{dev: false, overlay: true} {
			all := objects(t, memory, folder)
			policies, workloads := of[*networkingv1.NetworkPolicy](all), pods(all)
			from, to := workloads[e.From], workloads[e.To]
			if out, in := sends(policies, from.Labels, to.Labels, e.Port), takes(policies, from.Labels, to.Labels, e.Port); out != want || in != want {
				t.Errorf("%s: %s sends to %s at %d: %v, which takes it: %v; want %v", folder, e.From, e.To, e.Port, out, in, want)
			}
			reads := slices.ContainsFunc(from.Spec.Containers[0].Env, func(v corev1.EnvVar) bool {
				return strings.TrimSuffix(v.Name, "_FILE") == e.Variable
			})
			if reads != want {
				t.Errorf("%s: %s is given %s: %v, want %v", folder, e.From, e.Variable, reads, want)
			}
		}
	}
}

func sends(policies []*networkingv1.NetworkPolicy, from, to labels.Set, port int32) bool {
	return slices.ContainsFunc(policies, func(p *networkingv1.NetworkPolicy) bool {
		return selects(&p.Spec.PodSelector, from) &&
			slices.ContainsFunc(p.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
				return (len(rule.To) == 0 || peers(rule.To, to)) && at(rule.Ports, port)
			})
	})
}

func takes(policies []*networkingv1.NetworkPolicy, from, to labels.Set, port int32) bool {
	return slices.ContainsFunc(policies, func(p *networkingv1.NetworkPolicy) bool {
		return selects(&p.Spec.PodSelector, to) &&
			slices.ContainsFunc(p.Spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
				return (len(rule.From) == 0 || peers(rule.From, from)) && at(rule.Ports, port)
			})
	})
}

// peers tells whether one of the peers is a pod of the same namespace with these labels.
func peers(all []networkingv1.NetworkPolicyPeer, pod labels.Set) bool {
	return slices.ContainsFunc(all, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.NamespaceSelector == nil && p.PodSelector != nil && selects(p.PodSelector, pod)
	})
}

func at(ports []networkingv1.NetworkPolicyPort, port int32) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return p.Port == nil || p.Port.IntVal == port
	})
}

func selects(s *metav1.LabelSelector, pod labels.Set) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(pod)
}

// TestVariablesAreEdges keeps the list and the programs together: who reads the address of another needs the edge.
func TestVariablesAreEdges(t *testing.T) {
	t.Parallel()
	list := declared(t)
	has := func(program, variable string) bool {
		return slices.ContainsFunc(list.Edges, func(e edges.Edge) bool { return e.From == program && e.Variable == variable })
	}
	readers := documentedReaders(t)
	for _, variable := range []string{
		"FIND_URL", "ADD_URL", "SEARCH_URL", "JOURNAL_URL", "DATABASE_URL", "REDIS_URL", "EVENTS_URL",
		"RATE_LIMIT_REDIS_URL",
	} {
		for _, program := range readers[variable] {
			if program != "ums" && !has(program, variable) {
				t.Errorf("%s reads %s, and deploy/edges.yaml has no edge for that", program, variable)
			}
		}
	}
}

// documentedReaders returns who reads a variable, by the table of docs/configuration.md, which a test of cmd/ums keeps
// together with the sources.
func documentedReaders(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs/configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string][]string{}
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		for _, name := range regexp.MustCompile("`([A-Z_]+)`").FindAllStringSubmatch(cells[1], -1) {
			for reader := range strings.SplitSeq(cells[3], ",") {
				readers[name[1]] = append(readers[name[1]], strings.TrimSpace(reader))
			}
		}
	}
	if len(readers) < 10 {
		t.Fatalf("docs/configuration.md lists %d variables", len(readers))
	}
	return readers
}
