// Command relay brings the outbox to the event bus where the add slot is filled by a program that does not do so itself.
package main

import (
	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/wiring"
)

func main() { wiring.Main("relay", relay.Main) }
