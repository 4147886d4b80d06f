// Command edges writes the network policies that deploy/edges.yaml comes to. Run it in the root of the repository.
package main

import (
	"fmt"
	"os"

	"github.com/glarimy/ums/deploy/edges"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "edges: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	list, err := edges.Load("deploy/edges.yaml")
	if err != nil {
		return err
	}
	files, err := list.Files()
	if err != nil {
		return err
	}
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // manifests are for everybody to read
			return fmt.Errorf("write a policy: %w", err)
		}
	}
	return nil
}
