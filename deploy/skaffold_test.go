package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// skaffold is the part of a skaffold.yaml that names other files and images.
type skaffold struct {
	APIVersion string `json:"apiVersion"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Requires []struct {
		Path string `json:"path"`
	} `json:"requires"`
	Build struct {
		Artifacts []struct {
			Image   string `json:"image"`
			Context string `json:"context"`
			Docker  struct {
				BuildArgs map[string]string `json:"buildArgs"`
			} `json:"docker"`
		} `json:"artifacts"`
	} `json:"build"`
	Test []struct {
		Image string `json:"image"`
	} `json:"test"`
	Manifests struct {
		Hooks struct {
			Before []struct {
				Host struct {
					Command []string `json:"command"`
					Dir     string   `json:"dir"`
				} `json:"host"`
			} `json:"before"`
		} `json:"hooks"`
		Kustomize struct {
			Paths []string `json:"paths"`
		} `json:"kustomize"`
	} `json:"manifests"`
	Profiles []struct {
		Name string `json:"name"`
	} `json:"profiles"`
}

// TestSkaffold follows every module from the root's, and checks that what they name is there, that each image has tests
// of its own, and that a profile of one is a profile of all, as skaffold asks for.
func TestSkaffold(t *testing.T) {
	t.Parallel()
	images := map[string]bool{}
	visited := map[string]bool{}
	visit(t, root, visited, images)
	if len(visited) != 8 || len(images) != 6 {
		t.Errorf("there are the modules %v with the images %v", visited, images)
	}
}

func visit(t *testing.T, folder string, visited, images map[string]bool) {
	t.Helper()
	if visited[folder] {
		return
	}
	visited[folder] = true
	var s skaffold
	content := read(t, filepath.Join(folder, "skaffold.yaml"))
	if err := yaml.Unmarshal(content, &s); err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	// Not by -f, with which skaffold takes what the file names from where it was called.
	if command := "`skaffold dev -m " + s.Metadata.Name + "`"; len(s.Build.Artifacts) > 0 && !bytes.Contains(content, []byte(command)) {
		t.Errorf("%s does not say that %s runs it", folder, command)
	}
	if s.APIVersion != "skaffold/v4beta13" {
		t.Errorf("%s is of the schema %s", folder, s.APIVersion)
	}
	profiles := map[string]bool{}
	for _, p := range s.Profiles {
		profiles[p.Name] = true
	}
	for _, name := range []string{"dev", "production", "debug", "hostbuild"} {
		if !profiles[name] {
			t.Errorf("%s has no profile %s", folder, name)
		}
	}
	for _, path := range s.Manifests.Kustomize.Paths {
		exists(t, folder, path, "kustomization.yaml")
	}
	// Skaffold renders before it deploys, so what makes the files of the Secrets has to come before that.
	if before := s.Manifests.Hooks.Before; slices.Contains(s.Manifests.Kustomize.Paths, "secrets") {
		if len(before) != 1 || !slices.Equal(before[0].Host.Command, []string{"./make-secrets"}) || before[0].Host.Dir != "." {
			t.Errorf("%s renders Secrets, and runs %+v before", folder, before)
		}
	}
	tested := map[string]bool{}
	for _, test := range s.Test {
		tested[test.Image] = true
	}
	for _, a := range s.Build.Artifacts {
		images[a.Image] = true
		exists(t, folder, a.Context, "Dockerfile")
		exists(t, folder, a.Context, a.Docker.BuildArgs["MODULE"], "go.mod")
		if !tested[a.Image] {
			t.Errorf("%s builds %s and does not test it", folder, a.Image)
		}
	}
	for _, required := range s.Requires {
		visit(t, filepath.Join(folder, required.Path), visited, images)
	}
}

func exists(t *testing.T, parts ...string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(parts...)); err != nil {
		t.Error(err)
	}
}
