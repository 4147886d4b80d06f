package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"
)

const (
	// dockerWait is how long the Docker engine may take to answer a ping.
	dockerWait = 5 * time.Second
	// pullWait is how long an image may take to arrive.
	pullWait = 5 * time.Minute
	// containerLife ends, in seconds, a container that nothing else has ended.
	containerLife = 2 * 60 * 60
	// containerLabel marks the containers and volumes of tests.
	containerLabel = "com.github.glarimy.ums.enginetest"
)

// An image is a server in a Docker image and how to run it.
type image struct {
	name            string // in messages
	repository, tag string
	ports           []string // the first is the one that matters; all are published on 127.0.0.1 only
	env, cmd        []string
	url             func(addr string) string
	identify        func(ctx context.Context, url string) (string, error)
	every           time.Duration // between two probes of readiness
	wait            time.Duration // at most, until it is ready
	dataDir         string        // in memory, unless keepData
	keepData        bool          // over Kill and Start
}

// container is a server that runs in Docker.
type container struct {
	image
	pool     *dockertest.Pool
	resource *dockertest.Resource // nil while stopped
	lifeline io.Closer
	volume   string // of the data, with keepData; nothing removes it if this process is killed
	port     int    // on this machine, fixed by the first start
}

// runImage starts im for the first time and returns it with its server's description.
func (h *Host) runImage(ctx context.Context, im image) (*Server, error) {
	pool, err := h.docker(ctx)
	if err != nil {
		return nil, err
	}
	if err := have(ctx, pool, im); err != nil {
		return nil, err
	}
	c := &container{image: im, pool: pool}
	if im.keepData {
		c.volume = "enginetest-" + rand.Text()
		_, err := pool.Client.CreateVolume(docker.CreateVolumeOptions{
			Name: c.volume, Labels: map[string]string{containerLabel: im.name}, Context: ctx,
		})
		if err != nil {
			return nil, fmt.Errorf("create a volume: %w", err)
		}
	}
	var engine string
	err = onFreePort(func(port int) (err error) {
		c.port = port
		engine, err = c.start(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Server{Control: c, Engine: engine, URL: im.url(loopback(c.port))}, nil
}

// docker connects to a Docker engine that answers.
func (h *Host) docker(ctx context.Context) (*dockertest.Pool, error) {
	pool, err := dockertest.NewPool(h.Getenv("DOCKER_HOST"))
	if err != nil {
		return nil, absent("no Docker: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, dockerWait)
	defer cancel()
	if err := pool.Client.PingWithContext(ctx); err != nil {
		return nil, absent("no Docker engine answers: %v", err)
	}
	return pool, nil
}

// have makes sure that the image is there.
func have(ctx context.Context, pool *dockertest.Pool, im image) error {
	if _, err := pool.Client.InspectImage(im.repository + ":" + im.tag); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pullWait)
	defer cancel()
	err := pool.Client.PullImage(docker.PullImageOptions{
		Repository: im.repository, Tag: im.tag, Context: ctx,
	}, docker.AuthConfiguration{})
	if err != nil {
		return absent("the image is neither here nor can it be pulled: %v", err)
	}
	return nil
}

// start runs a new container and waits until the server answers. If this process is killed before the lifeline is tied,
// some tenths of a second after the start of the container, containerLife is what ends it.
func (c *container) start(ctx context.Context) (string, error) {
	if err := c.create(); err != nil {
		return "", err
	}
	tied := make(chan error, 1)
	input, hold := io.Pipe()
	c.lifeline = hold
	go func(resource *dockertest.Resource) { tied <- tie(resource, input) }(c.resource)
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	var engine string
	err := poll(ctx, c.every, func(ctx context.Context) (err error) {
		if engine, err = c.identify(ctx, c.url(loopback(c.port))); err == nil {
			return nil
		}
		if now, inspectErr := c.pool.Client.InspectContainer(c.resource.Container.ID); inspectErr != nil || !now.State.Running {
			return errGone
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("start %s in Docker: %w; its log ends: %s", c.name, err, tail(c.log()))
	}
	return engine, <-tied
}

// create makes the container, on the address it had before if it had one.
func (c *container) create() error {
	name := "enginetest-" + c.name + "-" + rand.Text()
	resource, err := c.pool.RunWithOptions(&dockertest.RunOptions{
		Name:         name,
		Repository:   c.repository,
		Tag:          c.tag,
		Env:          c.env,
		Cmd:          c.cmd,
		PortBindings: c.bindings(),
		Labels:       map[string]string{containerLabel: c.name},
	}, func(host *docker.HostConfig) {
		host.AutoRemove = true
		host.PublishAllPorts = false
		switch {
		case c.keepData:
			host.Binds = []string{c.volume + ":" + c.dataDir}
		case c.dataDir != "":
			host.Tmpfs = map[string]string{c.dataDir: "rw"}
		}
	})
	if err != nil {
		return errors.Join(c.explain(err), c.pool.RemoveContainerByName(name))
	}
	c.resource = resource
	_ = resource.Expire(containerLife) // never fails: it waits in the background
	return nil
}

// explain tells a taken port, which Docker words in two ways, from other reasons why a container does not run.
func (c *container) explain(err error) error {
	text := err.Error()
	if strings.Contains(text, "port is already allocated") || strings.Contains(text, "address already in use") {
		err = fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return fmt.Errorf("run %s in Docker: %w", c.name, err)
}

// bindings publish on this machine's loopback only.
func (c *container) bindings() map[docker.Port][]docker.PortBinding {
	bindings := make(map[docker.Port][]docker.PortBinding)
	for _, port := range c.ports {
		bindings[docker.Port(port)] = []docker.PortBinding{{HostIP: "127.0.0.1", HostPort: "0"}}
	}
	bindings[docker.Port(c.ports[0])][0].HostPort = strconv.Itoa(c.port)
	return bindings
}

func (c *container) log() []byte {
	var out bytes.Buffer
	_ = c.pool.Client.Logs(docker.LogsOptions{
		Container: c.resource.Container.ID, Stdout: true, Stderr: true, Tail: "20", OutputStream: &out, ErrorStream: &out,
	})
	return out.Bytes()
}

// Kill removes the container, which is SIGKILL for its server; the data stays if it was to be kept.
func (c *container) Kill(ctx context.Context) error {
	if c.resource == nil {
		return nil
	}
	removal := c.pool.Purge(c.resource) // fails too if Docker is removing the container by itself
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	err := poll(ctx, 5*time.Millisecond, func(ctx context.Context) error {
		_, err := c.pool.Client.InspectContainerWithContext(c.resource.Container.ID, ctx)
		if gone := (*docker.NoSuchContainer)(nil); errors.As(err, &gone) {
			return nil
		}
		return errors.New("it is still there")
	})
	if err != nil {
		return fmt.Errorf("remove the container of %s: %w", c.name, errors.Join(removal, err))
	}
	c.resource = nil
	return c.lifeline.Close()
}

func (c *container) Stop(ctx context.Context) error {
	if c.resource == nil {
		return nil
	}
	if err := c.signal(ctx, docker.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	_, err := c.pool.Client.WaitContainerWithContext(c.resource.Container.ID, ctx)
	if gone := (*docker.NoSuchContainer)(nil); errors.As(err, &gone) {
		err = nil
	}
	return errors.Join(err, c.Kill(context.WithoutCancel(ctx)))
}

func (c *container) Start(ctx context.Context) error {
	if c.resource != nil {
		return fmt.Errorf("start %s in Docker: it is running", c.name)
	}
	_, err := c.start(ctx)
	return err
}

func (c *container) Pause(ctx context.Context) error  { return c.signal(ctx, docker.SIGSTOP) }
func (c *container) Resume(ctx context.Context) error { return c.signal(ctx, docker.SIGCONT) }

// signal reaches process 1 only, unlike a pause by Docker, which would hold the lifeline too.
func (c *container) signal(ctx context.Context, s docker.Signal) error {
	if c.resource == nil {
		return fmt.Errorf("%s is stopped", c.name)
	}
	err := c.pool.Client.KillContainer(docker.KillContainerOptions{ID: c.resource.Container.ID, Signal: s, Context: ctx})
	if err != nil {
		return fmt.Errorf("signal %s in Docker: %w", c.name, err)
	}
	return nil
}

func (c *container) Close() error {
	err := c.Kill(context.Background())
	if c.volume != "" && err == nil {
		err = c.pool.Client.RemoveVolumeWithOptions(docker.RemoveVolumeOptions{Name: c.volume})
		c.volume = ""
	}
	return err
}
