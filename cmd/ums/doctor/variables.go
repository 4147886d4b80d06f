package doctor

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

const checkVariables = "variables"

// Variables returns the variables of docs/configuration.md; a test keeps the two together.
func Variables() []string {
	return []string{
		"ACCESS",
		"ACCESS_KEYS",
		"ACCESS_LOG",
		"ACCESS_LOG_SAMPLE",
		"ADDR",
		"ADD_URL",
		"ADMIN_ADDR",
		"CACHE_FENCE_TIME",
		"CACHE_LEASE_WAIT",
		"CACHE_LOAD_TIMEOUT",
		"CACHE_LOAD_WAIT",
		"CACHE_MAX_LOADS",
		"CACHE_NEGATIVE_TTL",
		"CACHE_RETRY_REDIS",
		"CACHE_TTL",
		"CURSOR_KEYS",
		"DATABASE_MAX_CONNECTIONS",
		"DATABASE_PASSWORD",
		"DATABASE_URL",
		"EVENTS_MAX_LENGTH",
		"EVENTS_PASSWORD",
		"EVENTS_RETENTION",
		"EVENTS_URL",
		"FIND_URL",
		"GATEWAY_CONFIG",
		"JOURNAL_HEARTBEAT",
		"JOURNAL_LEASE_TIME",
		"JOURNAL_MAX_STREAMS",
		"JOURNAL_READS",
		"JOURNAL_READS_SAMPLE",
		"JOURNAL_TIMEOUT",
		"JOURNAL_URL",
		"JWT_AUDIENCE",
		"JWT_ISSUER",
		"JWT_JWKS",
		"LOG_FORMAT",
		"LOG_LEVEL",
		"OTEL_EXPORTER_OTLP_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_SDK_DISABLED",
		"OTEL_TRACES_EXPORTER",
		"OUTBOX_RETENTION",
		"RATE_LIMIT_REDIS_URL",
		"REDIS_URL",
		"RELAY",
		"RELAY_LEASE_TIME",
		"SEARCH_TIMEOUT",
		"SEARCH_URL",
		"SHUTDOWN_DELAY",
		"SHUTDOWN_TIMEOUT",
		"TLS_ADDR",
		"TLS_CERT_PATH",
		"TLS_KEY_PATH",
		"UMS_API_KEY",
	}
}

// variables tells of those that look like ours and that nobody reads. No value is told: it may be a secret.
func (e *examination) variables(context.Context) []Finding {
	var list []Finding
	set := 0
	names := Variables()
	for _, entry := range e.Environ {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(names, strings.TrimSuffix(name, "_FILE")) {
			set++
			continue
		}
		if meant, ours := suggestion(name, names); ours {
			do := "docs/configuration.md lists those that are read"
			if meant != "" {
				do = "did you mean " + meant + "?"
			}
			list = append(list, warn(checkVariables, "nobody reads "+name, do))
		}
	}
	if len(list) == 0 {
		return []Finding{ok(checkVariables, "%d are set here, and each has its reader", set)}
	}
	return list
}

// links are the variables that Kubernetes and Docker set of services of our names, such as ADD_PORT_8080_TCP_ADDR.
func links() *regexp.Regexp {
	return regexp.MustCompile(`_SERVICE_(HOST|PORT)|_PORT(_[0-9]+_(TCP|UDP).*)?$`)
}

// suggestion says whether a name looks like one of ours, and like which.
func suggestion(name string, names []string) (meant string, ours bool) {
	if links().MatchString(name) || len(name) < 5 {
		return "", false
	}
	bare, closest := strings.TrimSuffix(strings.ToUpper(name), "_FILE"), 3
	for _, candidate := range names {
		most := min(2, len(candidate)/5) // of a short name, one letter makes another word
		if d := distance(bare, candidate); d <= most && d < closest {
			meant, closest = candidate, d
		}
	}
	if meant != "" {
		if strings.HasSuffix(strings.ToUpper(name), "_FILE") {
			meant += "_FILE"
		}
		return meant, true
	}
	for _, prefix := range []string{
		"UMS_", "CACHE_", "RELAY_", "JOURNAL_", "OUTBOX_", "EVENTS_", "CURSOR_", "ACCESS_LOG_", "SHUTDOWN_",
	} {
		if strings.HasPrefix(name, prefix) {
			return "", true
		}
	}
	return "", false
}

// distance is how many letters to add, drop, change or swap with their neighbour make a of b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
