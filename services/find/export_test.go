package find

import "github.com/glarimy/ums/shared/userhttp"

// Router returns the routes of the slot.
func Router() *userhttp.Router { return newHandler(nil, nil, nil) }
