package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStartTimesCleansUp runs the script with commands that only note what they were asked for: it deletes the namespace
// that it has made, also where it fails behind that, and never one that was there.
func TestStartTimesCleansUp(t *testing.T) {
	t.Parallel()
	const deletes = "delete namespace ums"
	for name, tc := range map[string]struct {
		kubectl string // what becomes of a call
		status  bool
		deletes int
	}{
		"measured":                      {"", true, 1},
		"failed behind the first start": {`*rollout*) exit 1 ;;`, false, 1},
		"failed in the first start":     {`apply*) exit 1 ;;`, false, 1},
		"a namespace of somebody's":     {`"get namespace"*) echo namespace/ums ;;`, true, 0},
		"nobody knows of a namespace":   {`"get namespace"*) exit 1 ;;`, true, 0},
		"no cluster":                    {`*) exit 1 ;;`, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			script, err := os.ReadFile("start-times")
			if err != nil {
				t.Fatal(err)
			}
			const note = "#!/bin/sh\necho \"${0##*/} $*\" >>\"$CALLS\"\n"
			for path, content := range map[string]string{
				"repository/deploy/start-times": string(script), "repository/deploy/make-secrets": note,
				"bin/docker": note + "case \"$*\" in *config*) echo ums/find ;; esac\n", "bin/curl": note + "printf 201\n",
				"bin/kubectl": note + "case \"$*\" in " + tc.kubectl + " esac\n",
			} {
				path = filepath.Join(folder, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			calls := filepath.Join(folder, "calls")
			run := exec.CommandContext(t.Context(), filepath.Join(folder, "repository/deploy/start-times"))
			run.Env = append(os.Environ(), "CALLS="+calls, "PATH="+filepath.Join(folder, "bin")+":"+os.Getenv("PATH"),
				"ONLY=kubernetes", "COLD=", "LOAD=")
			if output, err := run.CombinedOutput(); (err == nil) != tc.status {
				t.Errorf("%v\n%s", err, output)
			}
			noted, err := os.ReadFile(calls)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(noted), deletes); got != tc.deletes {
				t.Errorf("it deleted the namespace %d times, want %d:\n%s", got, tc.deletes, noted)
			}
			if !strings.Contains(string(noted), "docker compose down --volumes") {
				t.Errorf("it left compose:\n%s", noted)
			}
		})
	}
}
