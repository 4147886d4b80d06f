// Package outage does things to a UMS on Kubernetes while requests are sent to it at a constant rate, and tells what that
// costs: failed requests, stale reads, writes and events that are lost.
package outage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// Cluster is a namespace of a cluster, reached by kubectl and its proxy. Use Connect.
type Cluster struct {
	namespace string
	proxy     string // URL of the API
	client    *http.Client
	end       func()
}

// Connect starts a proxy to the cluster that kubectl is configured for. Close ends it.
func Connect(ctx context.Context, namespace string) (*Cluster, error) {
	ctx, stop := context.WithCancel(ctx)
	command := exec.CommandContext(ctx, "kubectl", "proxy", "--port=0")
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start kubectl proxy: %w", err)
	}
	end := func() { stop(); _ = command.Wait() } // the error is that it was ended
	line, err := bufio.NewReader(output).ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), "Starting to serve on ")
	if err != nil || !found {
		end()
		return nil, fmt.Errorf("kubectl proxy says %q, not where it serves: %w", line, err)
	}
	return &Cluster{namespace, "http://" + address, &http.Client{Timeout: 5 * time.Second}, end}, nil
}

// Close ends the proxy.
func (c *Cluster) Close() { c.end() }

// kubectl runs kubectl in the namespace; an error holds what it printed.
func (c *Cluster) kubectl(ctx context.Context, args ...string) error {
	args = append([]string{"--namespace", c.namespace}, args...)
	output, err := exec.CommandContext(ctx, "kubectl", args...).CombinedOutput() //nolint:gosec // our own arguments
	if err != nil {
		return fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}

// pod is the part of a pod that is looked at.
type pod struct {
	Metadata struct {
		Name              string `json:"name"`
		UID               string `json:"uid"`
		DeletionTimestamp string `json:"deletionTimestamp"`
	} `json:"metadata"`
	Status struct {
		Conditions []struct{ Type, Status string } `json:"conditions"`
	} `json:"status"`
}

func (p pod) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" && c.Status == "True" {
			return p.Metadata.DeletionTimestamp == ""
		}
	}
	return false
}

// pods returns those of one program.
func (c *Cluster) pods(ctx context.Context, name string) ([]pod, error) {
	var list struct {
		Items []pod `json:"items"`
	}
	body, err := c.get(ctx, "pods?labelSelector=app.kubernetes.io/name="+name)
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", name, err)
	}
	return list.Items, nil
}

// NodePort returns the URL of the gateway on one of the cluster's nodes.
func (c *Cluster) NodePort(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "kubectl", "get", "nodes", "--output",
		`jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`).Output()
	if err != nil || len(output) == 0 {
		return "", fmt.Errorf("find a node's address, which -url would spare: %w", err)
	}
	return "http://" + string(output) + ":30080", nil
}

// get asks the API for something of the namespace.
func (c *Cluster) get(ctx context.Context, path string) ([]byte, error) {
	url := c.proxy + "/api/v1/namespaces/" + c.namespace + "/" + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for %s: %w", path, err)
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for %s: %w", path, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("ask the cluster for %s: %w", path, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the cluster for %s: it answers %s", path, answer.Status)
	}
	return body, nil
}
