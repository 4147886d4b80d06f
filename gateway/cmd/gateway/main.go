// Command gateway is the API gateway of UMS: the one URL.
package main

import (
	"log/slog"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/program"
	"github.com/glarimy/ums/shared/usercache"
)

func main() {
	usercache.RedirectClientLog(slog.New(slog.DiscardHandler)) // what matters of Redis the gateway tells by itself
	program.Main("gateway", gateway.Main)
}
