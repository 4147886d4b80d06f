package contract_test

import (
	"net/http"
	"slices"
	"strings"
)

// mutant is a server that does one thing wrong: by a bug of the fake, or by spoiling its answers.
type mutant struct {
	bug    string // of the fake, if any
	says   string // what it does, if the bug does not say it
	tamper func(r *http.Request, a *answer)
	kills  []string // patterns of the clauses that have to notice
}

func (m mutant) id() string {
	if m.says != "" {
		return m.says
	}
	return m.bug
}

func mutants() []mutant {
	return slices.Concat(bodyMutants(), nameMutants(), writeMutants(), keyMutants(), preconditionMutants(), readMutants(),
		pathMutants(), problemMutants(), recordMutants(), listMutants(), pageMutants(), parameterMutants(),
		journalMutants(), streamMutants(), overviewMutants())
}

func bug(name string, kills ...string) mutant { return mutant{bug: name, kills: kills} }

func spoil(says string, tamper func(r *http.Request, a *answer), kills ...string) mutant {
	return mutant{says: says, tamper: tamper, kills: kills}
}

func bodyMutants() []mutant {
	return []mutant{
		bug("accepts-everything", `add/body/.*`, `add/change-body/.*`),
		bug("stores-refused",
			`add/body/phone-(?:[^m].*|mi.*)`, `add/body/fields-(?:duplicate|unknown|since|case).*`, `add/body/document-trailing.*`,
			`add/body/name-forbidden.*`, `add/body/text-(?:utf8|surrogate|control|escape|nul).*`),
		bug("changes-refused", `add/change-body/.*`),
		bug("everything-malformed", `add/body/(?:phone-(?:string|null|float|exponent|negative|2|above|below|zero|missing).*)`,
			`add/body/(?:name|fields)-.*`, `add/change-body/(?:name|since|unknown|empty-object|duplicate)`),
		bug("first-fault-only", `add/body/fields-(?:none|both-bad|case)`),
		bug("raw-pointer", `add/body/fields-unknown-pointer`),
		bug("last-wins", `add/body/fields-duplicate-.*`, `add/change-body/duplicate`),
		bug("ignores-unknown", `add/body/fields-unknown.*`, `add/change-body/unknown`),
		bug("ignores-read-only", `add/body/fields-since`, `add/change-body/(?:name|same-name|since)`),
		bug("folds-fields", `add/body/fields-case`),
		bug("first-object", `add/body/document-trailing-(?:garbage|brace|object|nul)`, `add/change-body/document-trailing-garbage`),
		bug("null-is-empty", `add/body/document-null`),
		bug("replaces-bad-text", `add/body/text-(?:surrogate|utf8).*`, `add/change-body/text-utf8`),
		bug("drops-nul", `add/body/text-nul`, `add/body/document-trailing-nul`),
		bug("escapes-controls", `add/body/text-(?:control|newline)`),
		bug("parses-strings", `add/body/phone-string`, `add/change-body/phone-string`),
		bug("null-is-zero", `add/body/phone-null`, `add/change-body/phone-null`),
		bug("floats", `add/body/phone-(?:float|exponent).*`, `add/change-body/phone-(?:float|exponent).*`),
		bug("wraps-around", `add/body/phone-2-64-wrapped`, `add/change-body/phone-2-64-wrapped`),
		bug("absolute", `add/body/phone-negative`, `add/change-body/phone-negative`),
		bug("no-lower-bound", `add/body/phone-(?:below|zero|minus-zero|negative.*)`),
		bug("no-upper-bound", `add/body/phone-(?:above|2-.*|1000-digits)`),
		bug("stringifies-name", `add/body/name-(?:number|array|object)`),
		bug("any-media", `add/media/.*`, `add/key/not-burnt-by-415`),
		bug("no-body-limit", `add/large/.*`),
		bug("believes-length", `add/large/.*-chunked`),
		spoil("is particular about white space in JSON", func(r *http.Request, a *answer) {
			if r.Method == http.MethodPost && r.ContentLength > 0 && a.status == http.StatusCreated &&
				strings.Contains(string(a.body), "\U0001F600/") {
				*a = problem("malformed-json", 400)
			}
		}, `add/create/json-spelling`),
		spoil("is particular about the media type's parameters", func(r *http.Request, a *answer) {
			if media := r.Header.Get("Content-Type"); strings.Contains(media, ";") || media != strings.ToLower(media) {
				*a = problem("unsupported-media-type", 415)
			}
		}, `add/create/media-spelling`, `add/change/media-spelling`),
		spoil("takes no merge patch", func(r *http.Request, a *answer) {
			if strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "merge-patch") {
				*a = problem("unsupported-media-type", 415)
			}
		}, `add/change/(?:merge-patch|media-spelling)`),
		spoil("loses the last digits of a number", func(_ *http.Request, a *answer) {
			a.body = []byte(strings.Replace(string(a.body), "999999999999999", "1000000000000000", 1))
		}, `add/create/phone-bounds`),
	}
}

func nameMutants() []mutant {
	const short, long = `(?:short.*|combining-7|blank|empty)`, `(?:long.*|combining-33|unmergeable-34|expanding-34)`
	return []mutant{
		bug("no-shortest", `add/body/name-`+short, `(?:add|find)/bad-name/(?:short.*|blank)`),
		bug("no-longest", `add/body/name-`+long, `(?:add|find)/bad-name/long.*`),
		bug("no-forbidden", `add/body/name-forbidden-.*`, `(?:add|find)/bad-name/(?:nul|newline|delete|bidi|byte-order-mark|noncharacter)`),
		bug("strips-forbidden", `add/body/name-forbidden-.*`, `(?:add|find)/bad-name/(?:nul|newline|delete|bidi|byte-order-mark|noncharacter)`),
		bug("allows-controls", `add/body/name-forbidden-(?:nul|bell|newline|esc|delete|next-line|c1|leading-fs|trailing-nul)`),
		bug("allows-separators", `add/body/name-forbidden-(?:line|paragraph)-separator`),
		bug("allows-bom", `add/body/name-forbidden-(?:byte-order-mark|leading-bom)`),
		bug("allows-bidi", `add/body/name-forbidden-bidi-.*`),
		bug("allows-noncharacters", `add/body/name-forbidden-nonchar-.*`),
		bug("forbids-format", `add/name/(?:zwj|zwnj|emoji-zwj)`, `(?:add|find)/opaque/(?:indic-zwj|indic-zwnj|emoji-zwj)`),
		bug("replaces-bad-text", `(?:add|find)/bad-name/utf8-.*`),
		bug("counts-bytes", `add/name/(?:longest-astral|combining-32|unmergeable-32)`, `add/body/name-short-bytes`),
		bug("counts-utf16", `add/name/longest-astral`, `add/body/name-short-bytes`, `(?:add|find)/opaque/longest`),
		bug("counts-graphemes", `add/name/unmergeable-8`, `add/body/name-unmergeable-34`),
		bug("no-nfc", `add/create/duplicate-spelling`, `add/name/(?:combining-32|nfc|nfc-order|expanding-14)`,
			`add/body/name-(?:combining-7|expanding-34)`, `find/spelling/decomposed`),
		bug("nfc-after-count", `add/name/combining-32`, `add/body/name-(?:combining-7|expanding-34)`),
		bug("nfd", `add/name/(?:combining-8|combining-32|nfc)`),
		bug("nfkc", `add/name/nfc-not-nfkc`, `add/distinct/width`),
		bug("trims-nothing", `add/name/trim-.*`, `add/create/duplicate-spelling`, `add/body/name-(?:blank|short-padded)`,
			`find/spelling/padded`, `(?:add|find)/bad-name/(?:short-padded|blank)`),
		bug("trims-ascii", `add/name/trim-unicode`, `find/spelling/padded`),
		bug("trims-as-python", `add/body/name-forbidden-leading-fs`),
		bug("trims-as-javascript", `add/body/name-forbidden-leading-bom`, `add/name/trim-unicode`, `find/bad-name/byte-order-mark`),
		bug("trims-as-java", `add/body/name-forbidden-trailing-nul`, `add/name/trim-unicode`),
		bug("collapses-space", `(?:add|find)/distinct/inner-space`, `add/name/inner-space`),
		bug("strips-joiners", `add/name/(?:zwj|zwnj|emoji-zwj)`, `(?:add|find)/distinct/joiner`),
		bug("ignores-case", `(?:add|find)/distinct/case`),
		bug("ignores-accents", `(?:add|find)/distinct/accent`),
		bug("ignores-width", `(?:add|find)/distinct/width`),
		bug("sharp-s", `(?:add|find)/distinct/sharp-s`),
		bug("ignores-astral", `(?:add|find)/distinct/emoji`),
		bug("ignores-joiners", `(?:add|find)/distinct/joiner`),
		bug("ignores-space", `(?:add|find)/distinct/inner-space`),
		spoil("needs ten characters", func(r *http.Request, a *answer) {
			if len(a.body) > 0 && strings.Contains(string(a.body), `{"name":"`) && strings.Index(string(a.body), `","phone"`) < 19 {
				*a = problem("validation", 400)
			}
		}, `add/name/shortest`),
		spoil("takes 31 characters at most", func(_ *http.Request, a *answer) {
			name, _, _ := strings.Cut(strings.TrimPrefix(string(a.body), `{"name":"`), `","phone"`)
			if a.status == http.StatusCreated && len([]rune(name)) > 31 {
				*a = problem("validation", 400)
			}
		}, `add/name/(?:longest|longest-astral|trim-longest|unmergeable-32)`),
		spoil("lowers names", func(_ *http.Request, a *answer) {
			a.body = []byte(strings.Replace(string(a.body), "McDonald", "mcdonald", 1))
		}, `add/name/case`),
	}
}
