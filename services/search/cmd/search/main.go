// Command search is the search slot's service: GET /user?….
package main

import (
	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/wiring"
)

func main() { wiring.Main("search", search.Main) }
