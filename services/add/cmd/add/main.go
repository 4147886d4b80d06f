// Command add is the add slot's service: POST /user, PATCH and DELETE /user/{name}.
package main

import (
	"github.com/redis/go-redis/v9/logging"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/program"
)

func main() {
	logging.Disable() // go-redis would print to stderr what its errors tell as well
	program.Main("add", add.Main)
}
