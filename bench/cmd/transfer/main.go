// Command transfer imports and exports many users and tells the rate and the memory of both. See the README of this module.
package main

import (
	"github.com/glarimy/ums/bench/transfer"
	"github.com/glarimy/ums/shared/program"
)

func main() { program.Main("transfer", transfer.Main) }
