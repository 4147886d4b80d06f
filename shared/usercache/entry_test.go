package usercache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// FuzzDecode gives the decoder what Redis may hold. What it takes for a user is, byte by byte, what encoding gives.
func FuzzDecode(f *testing.F) {
	names := []string{"KrishnaMohan", `quoted "name"`, `back\slash`, "ज्ञ\u200dक्षत्रिय", "😀😀😀😀😀😀😀😀"}
	for _, n := range names {
		name, err := user.NewName(n)
		if err != nil {
			f.Fatal(err)
		}
		good := usercache.Encode(usercache.NewEntry(atRevision(name, 0)))
		f.Add(good, n)
		for _, value := range malformedValues(good) {
			f.Add(value, n)
		}
	}
	f.Fuzz(func(t *testing.T, value, n string) {
		name, err := user.NewName(n)
		if err != nil {
			return
		}
		e, ok := usercache.Decode(value, name)
		if !ok {
			return
		}
		if got := usercache.Encode(e); got != value {
			t.Errorf("%q was read as %q", value, got)
		}
		quoted := `{"name":"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name.String()) + `","phone":`
		if !strings.HasPrefix(e.Record(), quoted) {
			t.Errorf("the record of %s was read as that of %s", e.Record(), name)
		}
		if strings.ContainsAny(e.ETag()+e.Record(), "\r\n\x00") {
			t.Errorf("%q has control characters", value)
		}
	})
}

// FuzzRoundTrip has the decoder take all that is encoded of users, and of no other user.
func FuzzRoundTrip(f *testing.F) {
	f.Add("KrishnaMohan", uint64(9_731_423_166), int64(1_662_976_800_000_000), uint64(1))
	f.Add(`quoted "name" \`, uint64(999_999_999_999_999), int64(1_662_976_800_000_001), uint64(1<<63))
	other, err := user.NewName("somebody else")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, n string, number uint64, since int64, version uint64) {
		name, err := user.NewName(n)
		if err != nil || name == other {
			return
		}
		phone, err := user.NewPhoneNumber(number)
		if err != nil || since < 0 || since > 253402300799999999 {
			return
		}
		want := usercache.NewEntry(user.User{Name: name, Phone: phone, Since: time.UnixMicro(since), Version: version})
		if got, ok := usercache.Decode(usercache.Encode(want), name); !ok || got != want {
			t.Errorf("got %v, %v; want %v", got, ok, want)
		}
		if got, ok := usercache.Decode(usercache.Encode(want), other); ok {
			t.Errorf("%v is taken for %s", got, other)
		}
	})
}
