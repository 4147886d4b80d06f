package add

import "github.com/glarimy/ums/shared/userhttp"

// Router returns the routes of the slot.
func Router() *userhttp.Router { return (&handler{}).router() }
