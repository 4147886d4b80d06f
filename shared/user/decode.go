package user

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Draft is what a client sends to add a user.
type Draft struct {
	Name  Name
	Phone PhoneNumber
}

// DecodeDraft reads `{"name": …, "phone": …}`. The document must be exactly that: any other, missing or repeated
// field and any other type is an error. The error is a [*SyntaxError] or [FieldErrors], which tells all faults at once.
func DecodeDraft(document []byte) (Draft, error) {
	var (
		draft Draft
		d     = decoder{fields: []field{
			{key: "name", decode: func(v jsontext.Value) (err error) { draft.Name, err = decodeName(v); return err }},
			{key: "phone", decode: func(v jsontext.Value) (err error) { draft.Phone, err = decodePhone(v); return err }},
			{key: "since", readOnly: "it is set by the server"},
		}}
	)
	if err := d.decode(document); err != nil {
		return Draft{}, err
	}
	return draft, nil
}

// DecodeChange reads `{"phone": …}`, a change of a user as a JSON Merge Patch (RFC 7396) restricted to what can change.
// The error is as that of [DecodeDraft].
func DecodeChange(document []byte) (PhoneNumber, error) {
	var (
		phone PhoneNumber
		d     = decoder{fields: []field{
			{key: "phone", decode: func(v jsontext.Value) (err error) { phone, err = decodePhone(v); return err }},
			{key: "name", readOnly: "a user's name never changes"},
			{key: "since", readOnly: "it is set by the server"},
		}}
	)
	if err := d.decode(document); err != nil {
		return PhoneNumber{}, err
	}
	return phone, nil
}

// field is one known member of a document: required, or readOnly for the reason given.
type field struct {
	key      string
	decode   func(jsontext.Value) error
	readOnly string
	seen     bool
}

// decoder reads one JSON object of known fields and collects what is wrong with them.
type decoder struct {
	fields []field
	faults FieldErrors
}

func (d *decoder) decode(document []byte) error {
	// Repeated names are let through the tokenizer, so that they are told as a field's fault and not as bad syntax.
	in := jsontext.NewDecoder(bytes.NewBuffer(document), jsontext.AllowDuplicateNames(true))
	if err := d.object(in); err != nil {
		return syntaxError(err, in.InputOffset())
	}
	for _, f := range d.fields {
		if !f.seen && f.readOnly == "" {
			d.fault(f.key, InvalidError{Code: CodeRequired, Detail: "the field " + f.key + " is missing"})
		}
	}
	if len(d.faults) > 0 {
		return d.faults
	}
	return nil
}

func (d *decoder) object(in *jsontext.Decoder) error {
	if kind := in.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		return errors.New("the document must be one JSON object")
	}
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	for in.PeekKind() != '}' {
		key, err := in.ReadToken()
		if err != nil {
			return err
		}
		name := key.String()
		value, err := in.ReadValue()
		if err != nil {
			return err
		}
		d.member(name, value)
	}
	if _, err := in.ReadToken(); err != nil {
		return err
	}
	end := in.InputOffset()
	if _, err := in.ReadToken(); err == nil {
		return &SyntaxError{Offset: end, Reason: "there is more after the JSON object"}
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (d *decoder) member(key string, value jsontext.Value) {
	for i := range d.fields {
		f := &d.fields[i]
		if f.key != key {
			continue
		}
		switch {
		case f.readOnly != "":
			d.fault(key, InvalidError{Code: CodeReadOnly, Detail: "the field " + key + " cannot be set: " + f.readOnly})
		case f.seen:
			d.fault(key, InvalidError{Code: CodeDuplicate, Detail: "the field " + key + " is there more than once"})
		default:
			if err := f.decode(value); err != nil {
				d.fault(key, asInvalid(err))
			}
		}
		f.seen = true
		return
	}
	d.fault(key, InvalidError{Code: CodeUnknown, Detail: "there is no such field"})
}

// maxFaults bounds the answer to a document of nothing but faults.
const maxFaults = 16

func (d *decoder) fault(key string, why InvalidError) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, FieldError{Pointer: Pointer(key), InvalidError: why})
	}
}

// Pointer returns the JSON pointer, in its URI fragment form, of a member of a document or a parameter of a query. It is
// shortened where a client sent a very long name.
func Pointer(key string) string {
	const longest = 64
	if runes := []rune(key); len(runes) > longest {
		key = string(runes[:longest]) + "…"
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	return "#/" + (&url.URL{Fragment: escaped}).EscapedFragment()
}

func decodeName(v jsontext.Value) (Name, error) {
	if v.Kind() != '"' {
		return Name{}, &InvalidError{Code: CodeType, Detail: "the name must be a string, not " + describe(v)}
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return Name{}, &InvalidError{Code: CodeEncoding, Detail: "the name is not valid UTF-8"}
	}
	return NewName(string(text))
}

func decodePhone(v jsontext.Value) (PhoneNumber, error) {
	if v.Kind() != '0' {
		return PhoneNumber{}, &InvalidError{Code: CodeType, Detail: "the phone number must be a number, not " + describe(v)}
	}
	literal := string(v)
	if strings.ContainsAny(literal, ".eE") {
		return PhoneNumber{}, &InvalidError{
			Code: CodeNotInteger, Detail: "the phone number must be written as an integer, without fraction or exponent",
		}
	}
	if strings.HasPrefix(literal, "-") {
		return NewPhoneNumber(0)
	}
	n, err := strconv.ParseUint(literal, 10, 64)
	if err != nil { // digits alone, so the number is beyond 64 bits
		return NewPhoneNumber(MaxPhoneNumber + 1)
	}
	return NewPhoneNumber(n)
}

func describe(v jsontext.Value) string {
	switch v.Kind() {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	default:
		return "an array"
	}
}

func syntaxError(err error, offset int64) error {
	const early = "the document ends too early"
	if syntax, ok := errors.AsType[*SyntaxError](err); ok {
		return syntax
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		reason := syntactic.Err.Error()
		if errors.Is(syntactic.Err, io.ErrUnexpectedEOF) {
			reason = early
		}
		return &SyntaxError{Offset: syntactic.ByteOffset, Reason: reason}
	}
	if errors.Is(err, io.EOF) {
		return &SyntaxError{Offset: offset, Reason: early}
	}
	return &SyntaxError{Offset: offset, Reason: err.Error()}
}
