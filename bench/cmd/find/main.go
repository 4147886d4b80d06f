// Command find measures services/find beside other ways to answer the same request. See the README of this module.
package main

import (
	"os"

	"github.com/glarimy/ums/bench"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("find", bench.Find{Stdin: os.Stdin, Progress: os.Stderr}.Run) }
