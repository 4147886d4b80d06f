// Command find is the find slot's service: GET /user/{name}.
package main

import (
	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/shared/wiring"
)

func main() { wiring.Main("find", find.Main) }
