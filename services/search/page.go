package search

import (
	"github.com/glarimy/ums/shared/user"
)

// appendPage appends one page as JSON without white space: `{"users":[…],"next":"…"}`, where next is null on the last
// page.
func appendPage(dst []byte, rows []row, next string) []byte {
	dst = append(dst, `{"users":[`...)
	for i, r := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		record := user.UserRecord{Name: r.name, Phone: r.phone, Since: user.FormatSince(r.since)}
		dst = record.AppendJSON(dst)
	}
	dst = append(dst, `],"next":`...)
	if next == "" {
		return append(dst, `null}`...)
	}
	dst = append(dst, '"')
	dst = append(dst, next...) // a cursor has no character that JSON would escape
	return append(dst, `"}`...)
}
