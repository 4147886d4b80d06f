// Package securityheaders tells browsers how little they may do with an answer.
package securityheaders

// apiPolicy is for answers that no page is made of: whatever a browser makes of one, it loads nothing, and stands in no
// frame (OWASP REST Security Cheat Sheet). An answer with a policy of its own, as the page at /docs, keeps it.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

// transportPolicy is a year. Sub-domains are not the gateway's to speak for.
const transportPolicy = "max-age=31536000"

// Apply adds to any answer of the gateway, its own and its upstreams', what is missing of these: nosniff, a content
// security policy without anything, no referrer; and over TLS that the host is to be called so for a year (RFC 6797,
// which forbids the header over plain HTTP). has reports whether the answer has a header already, set sets one.
func Apply(overTLS bool, has func(name string) bool, set func(name, value string)) {
	set("X-Content-Type-Options", "nosniff")
	if !has("Content-Security-Policy") {
		set("Content-Security-Policy", apiPolicy)
	}
	if !has("Referrer-Policy") {
		set("Referrer-Policy", "no-referrer")
	}
	if overTLS {
		set("Strict-Transport-Security", transportPolicy)
	}
}
