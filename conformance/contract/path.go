package contract

import (
	"context"
	"net/http"
	"strings"
)

// opaqueNames are names that careless routers, proxies, decoders and templates change. ◆ stands for random letters.
func opaqueNames() []struct{ id, sample string } {
	return []struct{ id, sample string }{
		{"space", "Krishna Mohan ◆"},
		{"slash", "a/b/c/◆"},
		{"slashes", "//a//b//◆//x"},
		{"dot-dot", "../../etc/passwd◆"},
		{"dots", ".. . ... ◆"},
		{"slash-dot-dot", "a/../../b/./◆/.."},
		{"percent", "100% of ◆"},
		{"percent-escape", "a%2Fb%20c%C3%A9 ◆"},
		{"percent-malformed", "%zz%%%1%◆"},
		{"question-mark", "who?x=1&y=2 ◆"},
		{"hash", "C#minor ◆"},
		{"semicolon", "a;v=1;b,c ◆"},
		{"plus", "1+1=2 + ◆"},
		{"ampersand", "Q&A & more ◆"},
		{"double-quote", `say "hi" ◆`},
		{"single-quote", "O'Brien''s ◆"},
		{"backslash", `a\b\\c\n ◆`},
		{"html", "<script>◆</script>"},
		{"braces", "{name} ${x} ◆"},
		{"brackets", "[a](b)|c^d`~ ◆"},
		{"at-colon", "http://◆@h:80"},
		{"sub-delims", "!$&'()*+,;=:@◆"},
		{"like", "%_a_% ◆"},
		{"sql", "'; DROP TABLE◆;--"},
		{"overview", "◆/overview"},
		{"latin", "Renée Çelik ◆"},
		{"combining", "q\u0323\u0307x\u0302 ◆"},
		{"rtl", "محمد בנימין ◆"},
		{"indic-zwj", "क्\u200dषत्रिय ◆"},
		{"indic-zwnj", "ರಾಮ್\u200cಗೋಪಾಲ್ ◆"},
		{"cjk", "山田太郎様◆"},
		{"emoji", "\U0001F600\U0001F680 ◆"},
		{"emoji-zwj", "\U0001F469\u200d\U0001F469\u200d\U0001F467 ◆"},
		{"longest", strings.Repeat("\U0001F600", 32-randomTail) + "◆"},
	}
}

// encodings are ways to write a name as a segment; all of them mean the same.
func encodings() []struct {
	id     string
	encode func(name string) string
} {
	return []struct {
		id     string
		encode func(name string) string
	}{
		{"as little as possible encoded", func(s string) string { return encode(s, upperHex, mayStand) }},
		{"upper-case hex", func(s string) string { return encode(s, upperHex, isUnreserved) }},
		{"lower-case hex", func(s string) string { return encode(s, lowerHex, isUnreserved) }},
		{"every byte encoded", func(s string) string { return encode(s, lowerHex, never) }},
	}
}

func opaqueNameClauses(slot Slot) []Clause {
	var clauses []Clause
	for _, o := range opaqueNames() {
		c := Clause{
			ID: idOf(slot, "opaque", o.id), Says: "the name " + strings.ReplaceAll(o.sample, "◆", "…") + " survives in a path, however it is encoded",
			Run: func(ctx context.Context, c *Client) error { return opaqueFind(ctx, c, fill(o.sample)) },
		}
		if slot == Add {
			c.Run = func(ctx context.Context, c *Client) error { return opaqueAdd(ctx, c, fill(o.sample)) }
		}
		clauses = append(clauses, c)
	}
	return clauses
}

func opaqueFind(ctx context.Context, c *Client, name string) error {
	u, err := c.addUser(ctx, name)
	if err != nil {
		return err
	}
	for _, e := range encodings() {
		req := getPath(userPrefix + e.encode(name))
		if _, err := c.read(ctx, req, isNoRedirect, isStatus(http.StatusOK), isRecord(name, u.phone), isCompact,
			hasHeader("ETag", u.etag)); err != nil {
			return err
		}
	}
	return nil
}

func opaqueAdd(ctx context.Context, c *Client, name string) error {
	phone := newPhone()
	res, err := c.send(ctx, post(draft(name, phone)), isStatus(http.StatusCreated), isRecord(name, phone), isLocationOf(name))
	if err != nil {
		return err
	}
	for _, e := range encodings() {
		phone++
		req := patchPath(userPrefix+e.encode(name), change(phone))
		if _, err := c.send(ctx, req, isNoRedirect, isStatus(http.StatusOK), isRecord(name, phone)); err != nil {
			return err
		}
	}
	_, err = c.send(ctx, removePath(locationPath(res)), isNoRedirect, isStatus(http.StatusNoContent))
	return err
}

// byPath returns the requests of a slot for a raw path.
func byPath(slot Slot, path string) []request {
	if slot == Find {
		return []request{getPath(path)}
	}
	return []request{patchPath(path, change(newPhone())), removePath(path)}
}

// badPathNameClauses are about segments that decode to what is no name.
func badPathNameClauses(slot Slot) []Clause {
	var clauses []Clause
	for _, b := range []struct{ id, says, segment string }{
		{"short", "7 characters", random(7)},
		{"short-padded", "7 characters and spaces", "%20%20" + random(7) + "%20%20"},
		{"short-composed", "14 code points that compose to 7 characters", strings.Repeat("e%CC%81", 7)},
		{"blank", "nothing but spaces", strings.Repeat("%20", 10)},
		{"long", "33 characters", random(33)},
		{"long-astral", "33 emoji", strings.Repeat("%F0%9F%98%80", 33)},
		{"long-2000", "2000 characters", strings.Repeat("a", 2000)},
		{"nul", "NUL", random(8) + "%00" + random(8)},
		{"newline", "a line break", random(8) + "%0D%0A" + random(8)},
		{"delete", "DEL", random(8) + "%7F" + random(8)},
		{"bidi", "a bidi control", random(8) + "%E2%80%AE" + random(8)},
		{"byte-order-mark", "U+FEFF", "%EF%BB%BF" + random(8)},
		{"noncharacter", "a noncharacter", random(8) + "%EF%BF%BF"},
		{"utf8-latin-1", "Latin-1", random(8) + "%E9" + random(8)},
		{"utf8-overlong", "an overlong slash", random(8) + "%C0%AF" + random(8)},
		{"utf8-surrogate", "a surrogate", random(8) + "%ED%A0%BD"},
		{"utf8-cut", "a character cut short", random(8) + "%F0%9F%98"},
	} {
		clauses = append(clauses, Clause{
			ID: idOf(slot, "bad-name", b.id), Says: "a path with " + b.says + " for a name answers 400 invalid-name",
			Run: func(ctx context.Context, c *Client) error {
				for _, req := range byPath(slot, userPrefix+b.segment) {
					if _, err := c.send(ctx, req, isNoRedirect, isProblem(invalidName)); err != nil {
						return err
					}
				}
				return nil
			},
		})
	}
	return clauses
}

// badTargetClauses are about paths that are none of the slot's, however near they come. In them NAME is a user.
func badTargetClauses(slot Slot) []Clause {
	noRoute := isProblem(routeNotFound)
	noTarget := either([]expectation{isProblem(invalidRequestTarget)}, []expectation{isProblem(malformedRequest)},
		[]expectation{isProblem(invalidName)})
	// Who routes and who refuses is not the contract's business, as long as the path is not cleaned and then obeyed.
	neither := either([]expectation{noRoute}, []expectation{noTarget})
	var clauses []Clause
	for _, t := range []struct {
		id, says, path string
		want           expectation
	}{
		{"malformed-escape", "%zz answers 400", "/user/%zzNAME", noTarget},
		{"malformed-escape-end", "% at the end answers 400", "/user/NAME%", noTarget},
		{"malformed-escape-cut", "%2 at the end answers 400", "/user/NAME%2", noTarget},
		{"trailing-slash", "a slash behind the name answers 404", "/user/NAME/", noRoute},
		{"extra-segment", "a segment behind the name answers 404", "/user/NAME/more", noRoute},
		{"raw-slash", "a slash that is not encoded parts segments", "/user/NAME/NAME/NAME", noRoute},
		{"other-case", "paths are case-sensitive", "/User/NAME", noRoute},
		{"no-name", "no name answers 404", "/user/", noRoute},
		{"double-slash", "an empty segment within is not cleaned away", "/user//NAME", neither},
		{"leading-slashes", "an empty segment at the front is not cleaned away", "//user/NAME", neither},
		{"dot", "a dot segment is not cleaned away", "/user/./NAME", neither},
		{"dot-dot", "two dots do not lead up", "/user/x/../NAME", neither},
		{"dot-dot-front", "two dots at the front do not lead anywhere", "/../user/NAME", neither},
		{"dot-dot-encoded", "two encoded dots do not lead up", "/user/x/%2e%2e/NAME", neither},
		{"dot-dot-slash-encoded", "encoded dots and slash do not lead up", "/user/x/..%2FNAME", neither},
		{"dot-dot-name", "two dots are no name", "/user/%2E%2E", neither},
	} {
		clauses = append(clauses, Clause{
			ID: idOf(slot, "target", t.id), Says: t.says + ", and is never redirected",
			Run: func(ctx context.Context, c *Client) error {
				u, err := c.addUser(ctx, newName())
				if err != nil {
					return err
				}
				for _, req := range byPath(slot, strings.ReplaceAll(t.path, "NAME", u.name)) {
					// A server may end the connection over such a target.
					if _, err := c.send(ctx, req.onWire(), isNoRedirect, t.want); err != nil {
						return err
					}
				}
				if slot == Add {
					return c.isUnchanged(ctx, u)
				}
				return nil
			},
		})
	}
	return clauses
}
