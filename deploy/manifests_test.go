package deploy_test

import (
	"bytes"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestEveryKustomizationRenders decodes all of them as strictly as an API server that refuses unknown fields.
func TestEveryKustomizationRenders(t *testing.T) {
	t.Parallel()
	memory := manifests(t)
	folders := []string{dev, kafka, production, "/deploy/kafka", "/deploy/namespace", "/deploy/secrets", dev + "/databases", production + "/external"}
	for _, program := range []string{
		"/gateway", "/services/find", "/services/add", "/services/search", "/services/journal", "/migrations",
	} {
		folders = append(folders, program+"/k8s/base", program+"/k8s/dev", program+"/k8s/production")
	}
	for _, folder := range folders {
		if len(objects(t, memory, folder)) == 0 {
			t.Errorf("%s renders to nothing", folder)
		}
	}
}

func TestADeploymentHasAllThatBelongsToOne(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{dev, kafka, production} {
		all := objects(t, manifests(t), overlay)
		for _, name := range servers() {
			for kind, there := range map[string]bool{
				"Deployment":          named[*appsv1.Deployment](all, name),
				"Service":             named[*corev1.Service](all, name),
				"ServiceAccount":      named[*corev1.ServiceAccount](all, name),
				"PodDisruptionBudget": named[*policyv1.PodDisruptionBudget](all, name),
			} {
				if !there {
					t.Errorf("%s: there is no %s %s", overlay, kind, name)
				}
			}
			autoscaled := named[*autoscalingv2.HorizontalPodAutoscaler](all, name)
			if autoscaled != (overlay == production) {
				t.Errorf("%s: %s is autoscaled: %v", overlay, name, autoscaled)
			}
		}
		for _, object := range all {
			kind, name, namespace := identify(object)
			if kind != "Namespace" && namespace != "ums" {
				t.Errorf("%s: %s %s is in the namespace %q", overlay, kind, name, namespace)
			}
		}
	}
}

// TestReplicas leaves the number to the autoscaler where there is one.
func TestReplicas(t *testing.T) {
	t.Parallel()
	for _, d := range of[*appsv1.Deployment](objects(t, manifests(t), dev)) {
		if d.Spec.Replicas == nil || *d.Spec.Replicas != 3 {
			t.Errorf("dev: %s has not three replicas", d.Name)
		}
	}
	all := objects(t, manifests(t), production)
	for _, d := range of[*appsv1.Deployment](all) {
		if d.Spec.Replicas != nil {
			t.Errorf("production: %s says how many replicas there are", d.Name)
		}
		if len(d.Spec.Template.Spec.TopologySpreadConstraints) < 2 {
			t.Errorf("production: %s is not spread over zones and nodes", d.Name)
		}
	}
	for _, h := range of[*autoscalingv2.HorizontalPodAutoscaler](all) {
		if h.Spec.MinReplicas == nil || *h.Spec.MinReplicas < 3 {
			t.Errorf("production: %s may have fewer than three replicas", h.Name)
		}
	}
}

func TestProductionBringsNoDatabaseAndNoSecret(t *testing.T) {
	t.Parallel()
	all := objects(t, manifests(t), production)
	if n := len(of[*appsv1.StatefulSet](all)) + len(of[*corev1.Secret](all)); n > 0 {
		t.Errorf("there are %d StatefulSets and Secrets", n)
	}
}

// TestEverySecretIsThere checks that each key of a Secret that a pod mounts is one that its overlay makes.
func TestEverySecretIsThere(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{dev, kafka} {
		wantSecrets(t, objects(t, manifests(t), overlay))
	}
}

func wantSecrets(t *testing.T, all []runtime.Object) {
	t.Helper()
	keys := map[string]bool{}
	for _, s := range of[*corev1.Secret](all) {
		keys[s.Name] = true
		for key := range s.Data {
			keys[s.Name+"/"+key] = true
		}
	}
	for name, pod := range pods(all) {
		for _, volume := range pod.Spec.Volumes {
			if volume.Secret != nil && !keys[volume.Secret.SecretName] {
				t.Errorf("%s mounts the Secret %s, which there is not", name, volume.Secret.SecretName)
			}
			if volume.Projected == nil {
				continue
			}
			for _, source := range volume.Projected.Sources {
				for _, item := range source.Secret.Items {
					if !keys[source.Secret.Name+"/"+item.Key] {
						t.Errorf("%s mounts %s of the Secret %s, which there is not", name, item.Key, source.Secret.Name)
					}
				}
			}
		}
	}
}

// TestTheMigrationsJobIsNamedByItsImage keeps a new release from changing the Job of the one before, which the API
// refuses.
func TestTheMigrationsJobIsNamedByItsImage(t *testing.T) {
	t.Parallel()
	memory := manifests(t)
	first, again := job(t, memory), job(t, memory)
	if first.Name != again.Name || !strings.HasPrefix(first.Name, "migrate-") {
		t.Errorf("the Job is named %s, and then %s", first.Name, again.Name)
	}
	const component = "/deploy/components/production/kustomization.yaml"
	content, err := memory.ReadFile(component)
	if err != nil {
		t.Fatal(err)
	}
	tag := first.Spec.Template.Spec.Containers[0].Image
	_, tag, _ = strings.Cut(tag, ":")
	if err := memory.WriteFile(component, bytes.ReplaceAll(content, []byte(tag), []byte("v99.0.0"))); err != nil {
		t.Fatal(err)
	}
	if next := job(t, memory); next.Name == first.Name {
		t.Errorf("the Job of the image %s is named as that of another: %s", next.Spec.Template.Spec.Containers[0].Image, next.Name)
	}
	if first.Spec.BackoffLimit == nil || first.Spec.TTLSecondsAfterFinished == nil {
		t.Error("the Job has no backoffLimit or no ttlSecondsAfterFinished")
	}
}

func job(t *testing.T, memory filesys.FileSystem) *batchv1.Job {
	t.Helper()
	jobs := of[*batchv1.Job](objects(t, memory, production))
	if len(jobs) != 1 {
		t.Fatalf("there are %d Jobs", len(jobs))
	}
	return jobs[0]
}

func identify(object runtime.Object) (kind, name, namespace string) {
	type meta interface {
		GetName() string
		GetNamespace() string
	}
	kind = object.GetObjectKind().GroupVersionKind().Kind
	if m, ok := object.(meta); ok {
		return kind, m.GetName(), m.GetNamespace()
	}
	return kind, "", ""
}
