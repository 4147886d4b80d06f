package usertest

import (
	"strings"
)

// GoodBody is an unusual body that must be accepted.
type GoodBody struct {
	Name        string // of the case
	Body        []byte
	ContentType string
	WantName    string // of a draft alone
	WantPhone   uint64
}

// GoodDrafts returns bodies of POST /user that must be accepted. They all add the user of one of few names.
func GoodDrafts() []GoodBody {
	good := draft(name, phone)
	bodies := []GoodBody{
		{Name: "plain", Body: []byte(good)},
		{Name: "the other order", Body: []byte(`{"phone":` + phone + `,"name":` + name + `}`)},
		{Name: "white space", Body: []byte(" {\r\n\t\"name\" : " + name + " , \"phone\" : " + phone + " } \n")},
		{Name: "escaped", Body: []byte(`{"\u006eame":"\u004b\u0072ishna\u004Dohan","p\u0068one":` + phone + `}`)},
		{Name: "as long as a body may be", Body: []byte(padded(good, MaxBody))},
		{Name: "surrogate pairs", Body: []byte(draft(`"`+strings.Repeat(`\uD83D\uDE00`, 8)+`"`, phone)), WantName: strings.Repeat("😀", 8)},
		{Name: "slash escaped", Body: []byte(draft(`"Krishna\/Mohan"`, phone)), WantName: "Krishna/Mohan"},
		{Name: "least phone number", Body: []byte(draft(name, "9000000000")), WantPhone: 9000000000},
		{Name: "greatest phone number", Body: []byte(draft(name, "999999999999999")), WantPhone: 999999999999999},
	}
	for _, contentType := range goodTypes {
		bodies = append(bodies, GoodBody{Name: contentType, Body: []byte(good), ContentType: contentType})
	}
	return withDefaults(bodies)
}

// GoodChanges returns bodies of PATCH /user/{name} that must be accepted.
func GoodChanges() []GoodBody {
	const good = `{"phone":` + phone + `}`
	bodies := []GoodBody{
		{Name: "plain", Body: []byte(good)},
		{Name: "white space", Body: []byte(" {\r\n\t\"phone\" : " + phone + " } \n")},
		{Name: "escaped", Body: []byte(`{"\u0070hone":` + phone + `}`)},
		{Name: "as long as a body may be", Body: []byte(padded(good, MaxBody))},
		{Name: "least phone number", Body: []byte(`{"phone":9000000000}`), WantPhone: 9000000000},
		{Name: "greatest phone number", Body: []byte(`{"phone":999999999999999}`), WantPhone: 999999999999999},
		{Name: "merge patch", Body: []byte(good), ContentType: MergePatch},
		{Name: "merge patch with a charset", Body: []byte(good), ContentType: MergePatch + "; charset=utf-8"},
	}
	for _, contentType := range goodTypes {
		bodies = append(bodies, GoodBody{Name: contentType, Body: []byte(good), ContentType: contentType})
	}
	return withDefaults(bodies)
}

// goodTypes are ways to write the media type of JSON (RFC 9110, section 8.3.1).
var goodTypes = []string{
	"application/json; charset=utf-8",
	`application/json;charset="UTF-8"`,
	"Application/JSON",
	"application/json; profile=x",
	"application/json;",
}

func withDefaults(bodies []GoodBody) []GoodBody {
	for i := range bodies {
		b := &bodies[i]
		if b.ContentType == "" {
			b.ContentType = JSON
		}
		if b.WantName == "" {
			b.WantName = Name
		}
		if b.WantPhone == 0 {
			b.WantPhone = Phone
		}
	}
	return bodies
}
