// Command gateway is the API gateway of UMS: the one URL.
package main

import (
	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("gateway", gateway.Main) }
