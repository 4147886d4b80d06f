// Command add is the add slot's service: POST /user, PATCH and DELETE /user/{name}.
package main

import (
	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/wiring"
)

func main() { wiring.Main("add", add.Main) }
