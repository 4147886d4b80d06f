package search

import (
	"fmt"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/urlquery"
	"github.com/glarimy/ums/shared/user"
)

// byPhone lists the users with one phone number.
func byPhone(p *urlquery.Parameters) list {
	n, ok := urlquery.Integer(p.Values.Get(paramPhone))
	if !ok {
		p.Fault(paramPhone, user.CodeNotInteger, "the phone number must be an integer in decimal digits")
		return nil
	}
	phone, err := user.NewPhoneNumber(n)
	if err != nil {
		p.Invalid(paramPhone, err)
		return nil
	}
	number := int64(phone.Uint64()) //nolint:gosec // it has 15 digits at most
	return phoneList(paramPhone, []interval{{first: number, last: number}})
}

// maxPhoneDigits is the length of the longest phone number.
const maxPhoneDigits = 15

// byPhonePrefix lists the users whose phone numbers, in decimal digits, begin with some digits.
func byPhonePrefix(p *urlquery.Parameters) list {
	digits := p.Values.Get(paramPhonePrefix)
	switch {
	case digits == "":
		p.Fault(paramPhonePrefix, user.CodeTooShort, "the beginning of a phone number has at least one digit")
		return nil
	case !urlquery.IsDigits(digits) || digits[0] == '0':
		p.Fault(paramPhonePrefix, urlquery.CodeFormat, "the beginning of a phone number is digits alone, the first of them not 0")
		return nil
	case len(digits) > maxPhoneDigits:
		p.Fault(paramPhonePrefix, user.CodeTooLong, fmt.Sprintf("a phone number has at most %d digits", maxPhoneDigits))
		return nil
	}
	var prefix int64
	for _, digit := range []byte(digits) {
		prefix = 10*prefix + int64(digit-'0')
	}
	return phoneList(paramPhonePrefix, phoneIntervals(prefix))
}

// phoneIntervals returns the phone numbers that begin with the digits of prefix: those digits and k more are the numbers
// from prefix·10^k to (prefix+1)·10^k-1. With each k they are greater than with the last.
func phoneIntervals(prefix int64) []interval {
	var intervals []interval
	for scale := int64(1); prefix*scale <= user.MaxPhoneNumber; scale *= 10 {
		i := interval{
			first: max(prefix*scale, user.MinPhoneNumber),
			last:  min((prefix+1)*scale-1, user.MaxPhoneNumber),
		}
		if i.first <= i.last {
			intervals = append(intervals, i)
		}
	}
	return intervals
}

func phoneList(filter string, intervals []interval) list {
	return numberList{
		name:      filter,
		column:    "phone",
		intervals: intervals,
		number:    func(r row) int64 { return int64(r.phone) }, //nolint:gosec // as the schema checks
		argument:  func(_ database.Dialect, number int64) any { return number },
	}
}
