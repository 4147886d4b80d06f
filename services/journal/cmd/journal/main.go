// Command journal is the journal slot's service: GET /journal….
package main

import (
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/wiring"
)

func main() { wiring.Main("journal", journal.Main) }
