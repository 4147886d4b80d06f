// Package access decides who may do what. In the gateway's core, for each request, in this order:
//
//  1. cors.Policy.Preflight: a preflight ends here, with 204; it needs no credentials. Probes end before that.
//  2. clientaddr.Proxies.Resolve: the client's address. What goes upstream as X-Forwarded-For is this address alone;
//     X-Forwarded-Proto and -Host of the client are kept only if Proxies.Trusts the peer.
//  3. Route. Without scopes (Route.Scopes), or with an Open Authenticator: the zero Identity, nothing is looked at.
//  4. Authenticator.Authorize(ctx, authorization, apiKey, route.Scopes). A field that is there twice is passed joined by
//     ", ", which is refused. An error is an *Error: answer its Problem, with its WWW-Authenticate or Retry-After.
//  5. Identity.Headers: Ums-Actor and Ums-Scopes upstream, after the client's own were stripped. Authorization and
//     X-API-Key stay behind (Stripped), unless the Authenticator is Open: a service has no use for a secret.
//  6. The limit: the policy is Identity.RateLimit if the route has one and that is set, else the route's. Its key is
//     Identity.Key, or ratelimit.AddressKey where that is empty or the policy is by address. Limiter.Allow; then
//     Decision.SetHeaders on whatever is answered, and 429 problem.RateLimited where it is refused.
//  7. On every answer: cors.Policy.Apply (and Strips for the upstream's headers), securityheaders.Apply.
//
// At start and at each reload: Open, `go Run(ctx, tick)` with a tick every 5 s, and a loud log line if it is Open; the
// old one's context ends with its last request. A limiter and its Redis client outlive reloads.
package access
