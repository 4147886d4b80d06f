package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/glarimy/ums/deploy/edges"
	"github.com/glarimy/ums/deploy/render"
)

const root = ".." // of the repository

// Overlays of the whole system.
const (
	dev        = "/deploy/overlays/dev"
	kafka      = "/deploy/overlays/kafka"
	production = "/deploy/overlays/production"
)

// servers are the programs of ours that serve; the migration is the one that does not.
func servers() []string { return []string{"gateway", "find", "add", "search", "journal"} }

// secretFiles are what make-secrets writes.
func secretFiles() []string {
	return []string{
		"mysql_root_password", "mysql_password", "database_url", "cache.conf", "redis_url", "bus.conf", "events_url",
		"cursor_keys", "grafana_password",
	}
}

// manifests returns every manifest of the repository in memory, with secrets that are none in place of the real ones.
func manifests(t *testing.T) filesys.FileSystem {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."), entry.Name() == "data":
			return fs.SkipDir
		case entry.IsDir(), filepath.Ext(path) != ".yaml" && filepath.Dir(path) != filepath.Join(root, "deploy/kafka"):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return memory.WriteFile(strings.TrimPrefix(path, root), content)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range secretFiles() {
		if err := memory.WriteFile("/deploy/secrets/"+name, []byte("not a secret")); err != nil {
			t.Fatal(err)
		}
	}
	return memory
}

func objects(t *testing.T, memory filesys.FileSystem, folder string) []runtime.Object {
	t.Helper()
	found, err := render.Objects(memory, folder)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// of returns the objects of one type.
func of[T runtime.Object](all []runtime.Object) []T {
	var found []T
	for _, object := range all {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// pods are the templates of all pods, by the name of their workload.
func pods(all []runtime.Object) map[string]corev1.PodTemplateSpec {
	found := map[string]corev1.PodTemplateSpec{}
	for _, d := range of[*appsv1.Deployment](all) {
		found[d.Name] = d.Spec.Template
	}
	for _, s := range of[*appsv1.StatefulSet](all) {
		found[s.Name] = s.Spec.Template
	}
	for _, j := range of[*batchv1.Job](all) {
		found[j.Spec.Template.Labels["app.kubernetes.io/name"]] = j.Spec.Template
	}
	return found
}

// named tells whether there is an object of a type with a name.
func named[T interface {
	runtime.Object
	metav1.Object
}](all []runtime.Object, name string,
) bool {
	return slices.ContainsFunc(of[T](all), func(o T) bool { return o.GetName() == name })
}

func declared(t *testing.T) edges.List {
	t.Helper()
	list, err := edges.Load("edges.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return list
}
