// Command find is the find slot's service: GET /user/{name}.
package main

import (
	"github.com/redis/go-redis/v9/logging"

	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/shared/program"
)

func main() {
	logging.Disable() // go-redis would print to stderr what its errors tell as well
	program.Main("find", find.Main)
}
