// Command gateways measures the gateway beside others. See the README of this module.
package main

import (
	"os"

	"github.com/glarimy/ums/bench/gateways"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("gateways", gateways.Bench{Stdin: os.Stdin, Progress: os.Stderr}.Run) }
