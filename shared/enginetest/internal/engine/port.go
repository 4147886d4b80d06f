package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Servers listen below the ports that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere):
// while a server is stopped, no client may be given its port, least of all one that is trying to reach the server and
// would then be connected to itself.
const firstPort, lastPort = 20000, 32767

// portTries bounds how often a server is started on yet another port, because somebody else took the free port between
// its choice and its use.
const portTries = 5

var errPortTaken = errors.New("the port was taken by another process")

// freePort finds a port that nobody listens on now.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		var l net.Listener
		if l, err = net.Listen("tcp", loopback(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

// loopback gives the address of a port on this machine.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// onFreePort calls start with one free port after the other while they turn out to be taken.
func onFreePort(start func(port int) error) error {
	var err error
	for range portTries {
		var port int
		if port, err = freePort(); err != nil {
			return err
		}
		if err = start(port); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}
