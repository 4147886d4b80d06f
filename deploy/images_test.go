package deploy_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mostBytes is what an image may weigh.
const mostBytes = 30 << 20

// TestAChangeInOneServiceRebuildsNoOther builds images of a copy of the workspace, changes services/add, and compares
// what comes of it.
func TestAChangeInOneServiceRebuildsNoOther(t *testing.T) {
	t.Parallel()
	needDocker(t)
	workspace := copyWorkspace(t)
	find, add := build(t, workspace, "services/find"), build(t, workspace, "services/add")

	appendTo(t, filepath.Join(workspace, "services/add/cmd/add/main.go"), "\nfunc init() { println() }\n")
	if again := build(t, workspace, "services/find"); again != find {
		t.Errorf("a change in services/add made another image of services/find: %s, before %s", again, find)
	}
	if again := build(t, workspace, "services/add"); again == add {
		t.Errorf("a change in services/add made the same image of it: %s", again)
	}
}

// TestImages looks at what an image is, not at what it does.
func TestImages(t *testing.T) {
	t.Parallel()
	needDocker(t)
	for _, module := range []string{"gateway", "services/find", "migrations"} {
		id := build(t, root, module)
		output, err := exec.CommandContext(t.Context(), "docker", "image", "inspect", id).Output()
		if err != nil {
			t.Fatal(err)
		}
		var images []struct {
			Size   int64
			Config struct {
				User       string
				Labels     map[string]string
				Entrypoint []string
			}
		}
		if err := json.Unmarshal(output, &images); err != nil {
			t.Fatal(err)
		}
		image := images[0]
		if image.Size > mostBytes {
			t.Errorf("the image of %s has %d bytes, more than %d", module, image.Size, mostBytes)
		}
		if image.Config.User != "65532:65532" {
			t.Errorf("the image of %s runs as %s", module, image.Config.User)
		}
		for _, label := range []string{"title", "description", "source", "version", "revision"} {
			if image.Config.Labels["org.opencontainers.image."+label] == "" {
				t.Errorf("the image of %s has no label %s", module, label)
			}
		}
	}
}

func needDocker(t *testing.T) {
	t.Helper()
	switch err := exec.CommandContext(t.Context(), "docker", "buildx", "version").Run(); {
	case testing.Short():
		t.Skip("building images takes long")
	case err != nil && os.Getenv("REQUIRE_IMAGES") == "1":
		t.Fatalf("there is no Docker engine: %v", err)
	case err != nil:
		t.Skipf("there is no Docker engine: %v", err)
	}
	if err := exec.CommandContext(t.Context(), "docker", "info").Run(); err != nil {
		t.Skipf("the Docker engine does not answer: %v", err)
	}
}

// build returns the id of the image. BUILD_NETWORK is what .env.example says.
func build(t *testing.T, context, module string) string {
	t.Helper()
	args := []string{"build", "--quiet", "--build-arg", "MODULE=" + module}
	if module == "migrations" {
		args = append(args, "--build-arg", "PROGRAM=migrate")
	}
	if network := os.Getenv("BUILD_NETWORK"); network != "" {
		args = append(args, "--network", network)
	}
	command := exec.CommandContext(t.Context(), "docker", append(args, context)...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("build the image of %s: %v", module, err)
	}
	return strings.TrimSpace(string(output))
}

// copyWorkspace copies what an image of a service is made of.
func copyWorkspace(t *testing.T) string {
	t.Helper()
	workspace := t.TempDir()
	for _, name := range []string{"Dockerfile", ".dockerignore", "shared", "migrations", "services"} {
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			to := filepath.Join(workspace, strings.TrimPrefix(path, root))
			if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
				return err
			}
			return os.WriteFile(to, content, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return workspace
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(content, text...), 0o644); err != nil {
		t.Fatal(err)
	}
}
