package policy

import "github.com/glarimy/ums/gateway/http1"

// PassesAsTrailer reports whether a field may follow the body of an upstream's answer to the client. Beside what does not
// pass at all, there stays behind what says how to route, cache, or read the answer, or who is asking, because a client
// needs it before the body, or does not look for it there (RFC 9110, section 6.5.1). The case of the name does not matter.
func PassesAsTrailer(name string) bool {
	if !http1.IsToken(name) || !PassesBack(name) || begins(name, "Access-Control-") || begins(name, "RateLimit") {
		return false
	}
	for _, headAlone := range [...]string{
		"Age", "Allow", "Alt-Svc", "Cache-Control", "Cache-Status", "Clear-Site-Data", "Content-Disposition", "Content-Encoding",
		"Content-Language", "Content-Location", "Content-Range", "Content-Security-Policy", "Content-Type", "Cookie", "Date",
		"Expires", "Host", "Link", "Location", "Pragma", "Proxy-Authentication-Info", "Referrer-Policy", "Refresh",
		"Retry-After", "Set-Cookie", "Strict-Transport-Security", "Upgrade", "Vary", "Via", "Warning", "WWW-Authenticate",
		"X-Content-Type-Options", "X-Frame-Options",
	} {
		if is(name, headAlone) {
			return false
		}
	}
	return true
}
