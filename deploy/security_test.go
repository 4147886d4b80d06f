package deploy_test

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// TestRestricted judges every pod as the API server's own admission does.
func TestRestricted(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{dev, kafka, production} {
		all := objects(t, manifests(t), overlay)
		checkRestricted(t, overlay, all)
		namespaces := of[*corev1.Namespace](all)
		if len(namespaces) != 1 || namespaces[0].Labels[api.EnforceLevelLabel] != string(api.LevelRestricted) {
			t.Errorf("%s: the namespace does not enforce restricted", overlay)
		}
	}
}

func checkRestricted(t *testing.T, overlay string, all []runtime.Object) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for name, pod := range pods(all) {
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
		if !result.Allowed {
			t.Errorf("%s: %s is not restricted: %s", overlay, name, result.ForbiddenDetail())
		}
	}
}

// TestContainers asks of every container what the standard does not.
func TestContainers(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{dev, kafka, production} {
		for name, pod := range pods(objects(t, manifests(t), overlay)) {
			if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
				t.Errorf("%s: %s has a token for the API server", overlay, name)
			}
			for _, c := range pod.Spec.Containers {
				checkContainer(t, overlay+": "+name, c)
			}
		}
	}
}

func checkContainer(t *testing.T, name string, c corev1.Container) {
	t.Helper()
	if c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
		t.Errorf("%s can write to its image", name)
	}
	for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		if list.Cpu().IsZero() || list.Memory().IsZero() {
			t.Errorf("%s has no request or no limit of CPU or memory", name)
		}
	}
	slash := strings.LastIndexByte(c.Image, '/')
	if _, tag, tagged := strings.Cut(c.Image[slash+1:], ":"); !tagged || tag == "latest" {
		t.Errorf("%s runs an image that is not pinned: %s", name, c.Image)
	}
	for _, variable := range c.Env {
		if variable.ValueFrom != nil || strings.Contains(strings.ToLower(variable.Value), "password=") {
			t.Errorf("%s takes %s from elsewhere than a file", name, variable.Name)
		}
	}
}

// TestDevIsSmall lets everything run on a machine for development.
func TestDevIsSmall(t *testing.T) {
	t.Parallel()
	most := resource.MustParse("25m")
	for name, pod := range pods(objects(t, manifests(t), dev)) {
		var sum resource.Quantity
		for _, c := range pod.Spec.Containers {
			sum.Add(*c.Resources.Requests.Cpu())
		}
		if sum.Cmp(most) > 0 {
			t.Errorf("%s asks for %s of CPU", name, sum.String())
		}
	}
}

// TestStopping keeps what a rolling restart that loses no request is made of.
func TestStopping(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{dev, kafka, production} {
		for _, d := range of[*appsv1.Deployment](objects(t, manifests(t), overlay)) {
			checkStopping(t, overlay, d)
		}
	}
}

func checkStopping(t *testing.T, overlay string, d *appsv1.Deployment) {
	t.Helper()
	pod := d.Spec.Template.Spec
	if pod.TerminationGracePeriodSeconds == nil || *pod.TerminationGracePeriodSeconds != 45 {
		t.Errorf("%s: %s is not given 45 s to stop", overlay, d.Name)
	}
	rolling := d.Spec.Strategy.RollingUpdate
	if rolling == nil || rolling.MaxUnavailable == nil || rolling.MaxUnavailable.IntValue() != 0 {
		t.Errorf("%s: an update of %s takes a replica away before the next is there", overlay, d.Name)
	}
	c := pod.Containers[0]
	if !slices.Contains(c.Env, corev1.EnvVar{Name: "SHUTDOWN_DELAY", Value: "15s"}) {
		t.Errorf("%s: %s does not serve on for 15 s", overlay, d.Name)
	}
	for probe, path := range map[*corev1.Probe]string{
		c.StartupProbe: "/livez", c.LivenessProbe: "/livez", c.ReadinessProbe: "/readyz",
	} {
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path {
			t.Errorf("%s: %s lacks the probe of %s", overlay, d.Name, path)
		}
	}
	if c.Lifecycle != nil {
		t.Errorf("%s: %s has hooks, which need a shell", overlay, d.Name)
	}
}
