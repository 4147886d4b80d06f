// Command firstrun measures how long README's first command takes to answer, and what memory it then holds.
package main

import (
	"github.com/glarimy/ums/bench/firstrun"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("firstrun", firstrun.Main) }
