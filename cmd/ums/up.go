package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/cmd/ums/system"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/logging"
)

// settings are the environment variables of `ums up`.
type settings struct {
	system.Config
	Log logging.Config
}

func upCommand(getenv func(string) string, stdout, stderr io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "up",
		Usage:        "run everything in this process until it is stopped (the default command)",
		OnUsageError: usageError,
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "addr", Value: cmp.Or(getenv("ADDR"), "127.0.0.1:8080"), Usage: "where requests arrive",
			},
			&cli.StringFlag{
				Name: "admin-addr", Value: cmp.Or(getenv("ADMIN_ADDR"), "127.0.0.1:9464"),
				Usage: "where metrics and profiles are, or off",
			},
			&cli.StringFlag{
				Name: "data", Value: "./data",
				Usage: "folder of the database and of the cursors' key, where DATABASE_URL and CURSOR_KEYS name no others",
			},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return fmt.Errorf("up takes no argument %q; ums up --help tells its flags", c.Args().First())
			}
			return up(ctx, c, getenv, stdout, stderr)
		},
	}
}

func up(ctx context.Context, c *cli.Command, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	var s settings
	if err := config.Load(&s, getenv); err != nil {
		return err
	}
	s.Server.Addr, s.Server.AdminAddr = c.String("addr"), c.String("admin-addr")
	s.Data, s.Getenv = c.String("data"), getenv
	logger, err := logging.New(stderr, s.Log)
	if err != nil {
		return err
	}
	whole, err := system.Open(ctx, s.Config, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, whole.Close()) }()
	if err := whole.Migrate(ctx); err != nil {
		return err
	}
	if err := greet(stdout, whole); err != nil {
		return err
	}
	return whole.Serve(ctx)
}

// greet prints the URL and calls to try. The addresses are taken already, so a call that comes at once is answered.
func greet(w io.Writer, s *system.System) error {
	url := "http://" + reachable(s.Addr())
	uses := strings.Join(append([]string{"database: " + s.Database()}, s.Elsewhere()...), ", ")
	_, err := fmt.Fprintf(w, `UMS is up at %[1]s (%[2]s). Stop it with Ctrl-C. Try:

  curl -i -d '{"name":"KrishnaMohan","phone":9731423166}' -H 'Content-Type: application/json' %[1]s/user
  curl -i %[1]s/user/KrishnaMohan
  curl -i -X DELETE %[1]s/user/KrishnaMohan

`, url, uses)
	return err
}

// reachable turns a wildcard address into one that a client on this machine can call.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
