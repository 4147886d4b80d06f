// Command writes measures POST /user beside a bare transaction, and how soon its events are on the bus. See the README of
// this module.
package main

import (
	"os"

	"github.com/glarimy/ums/bench/writes"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("writes", writes.Bench{Stdin: os.Stdin, Progress: os.Stderr}.Run) }
