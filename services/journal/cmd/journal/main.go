// Command journal is the journal slot's service: GET /journal….
package main

import (
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("journal", journal.Main) }
