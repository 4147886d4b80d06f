package usertest

import (
	"slices"

	"github.com/glarimy/ums/shared/user"
)

// BadChanges returns bodies of PATCH /user/{name} that must be refused, whether or not there is a user of that name.
func BadChanges() []Case {
	const good = `{"phone":` + phone + `}`
	cases := slices.Concat(
		malformedDocuments(good),
		changeFields(),
		phones(func(phone string) string { return `{"phone":` + phone + `}` }),
		append(mediaTypes(good), mediaType("JSON patch", "application/json-patch+json", good)),
		largeBodies(good),
	)
	patch := invalid("a bad merge patch", `{"phone":null}`, fault("phone", user.CodeType))
	patch.ContentType = MergePatch
	return append(cases, patch)
}

// changeFields try which fields can be changed.
func changeFields() []Case {
	return []Case{
		invalid("no field", `{}`, fault("phone", user.CodeRequired)),
		invalid("name", `{"name":`+name+`,"phone":`+phone+`}`, fault("name", user.CodeReadOnly)),
		invalid("name alone", `{"name":"someone else"}`, fault("name", user.CodeReadOnly), fault("phone", user.CodeRequired)),
		invalid("since", `{"phone":`+phone+`,"since":"2022-09-12T10:00:00Z"}`, fault("since", user.CodeReadOnly)),
		invalid("version", `{"phone":`+phone+`,"version":7}`, fault("version", user.CodeUnknown)),
		invalid("phone number twice", `{"phone":`+phone+`,"phone":`+phone+`}`, fault("phone", user.CodeDuplicate)),
		invalid("phone number twice, once escaped", `{"phone":`+phone+`,"\u0070hone":`+phone+`}`,
			fault("phone", user.CodeDuplicate)),
		invalid("a field of another case", `{"Phone":`+phone+`}`,
			fault("Phone", user.CodeUnknown), fault("phone", user.CodeRequired)),
		invalid("deep below a field", `{"phone":`+phone+`,"x":`+nested(3000)+`}`, fault("x", user.CodeUnknown)),
	}
}
