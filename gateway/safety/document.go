package safety

import (
	"fmt"
	"strings"
)

// Document lists cases in Markdown.
func Document(cases []Case) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# HTTP safety cases

What the gateway makes of requests and answers that two parsers may read in two ways: %d cases, each run against the real
program with an upstream that records every byte. A request is either forwarded unambiguously framed, or refused and its
connection closed; an upstream never sees bytes that the gateway did not mean as one request. After each case, another client
must get its own answer.

In what is sent, `+"`/case/…`"+` leads to the case's own upstream. Runs of one character are counted: `+"`x…(100)…`"+`.
This page is written by `+"`go test ./gateway/safety -run Document -update`"+`.

| # | case | the client | may reach the upstream | the upstream | why |
|---:|---|---|---|---|---|
`, len(cases))
	for i, c := range cases {
		serves := c.Serve.Says
		if serves == "" {
			serves = "answers"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s |\n",
			i, escape(c.Name), escape(c.Client.String()), escape(c.Reach.Says), escape(serves), escape(c.Why))
	}
	return b.String()
}

// escape makes a text one cell of a table.
func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "\r", `\r`, "\n", `\n`, "\t", `\t`, "\x00", `\x00`).
		Replace(strings.ToValidUTF8(text, "\uFFFD"))
}
