package userdbtest

import (
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

// namesToTheByte: what the database gives back is what it was given, and every call finds it.
func namesToTheByte(t *testing.T, s *store) {
	for i, n := range usertest.GoodNames() {
		u := s.mustAdd(t, user.New(named(t, n.Raw), phone(t, usertest.Phone+uint64(i)), joined()))
		s.expect(t, u)
		var stored []byte
		if err := s.db.QueryRowContext(t.Context(), "SELECT name FROM ums_users WHERE phone = ?", u.Phone.Uint64()).Scan(&stored); err != nil {
			t.Fatalf("%s: %v", n.Name, err)
		}
		if string(stored) != n.Want {
			t.Errorf("%s: stored %+q, want %+q", n.Name, stored, n.Want)
		}
	}
	all := len(usertest.GoodNames())
	if got := s.count(t); got != all {
		t.Errorf("%d users, want %d", got, all)
	}
	for i, n := range usertest.GoodNames() {
		name := named(t, n.Raw)
		if _, changed, err := s.change(t.Context(), name, phone(t, usertest.Phone+uint64(all+i)), nil); err != nil || !changed {
			t.Errorf("%s: change: %t, %v", n.Name, changed, err)
		}
		if _, err := s.remove(t.Context(), name, nil); err != nil {
			t.Errorf("%s: remove: %v", n.Name, err)
		}
		s.expectNone(t, name)
		if got, want := s.count(t), all-i-1; got != want {
			t.Fatalf("%s: %d users are left, want %d", n.Name, got, want)
		}
	}
}

// namesApart has families of names that one collation or another takes for the same.
func namesApart(t *testing.T, s *store) {
	next := uint64(usertest.Phone)
	for _, family := range [][]string{
		{"KrishnaMohan", "krishnamohan", "KRISHNAMOHAN", "KrishnaMohaN"},                         // case
		{"Krishnamohana", "Krishnamohaná", "Krishnamohanà", "Krishnamohanā", "Krishnamohanå"},    // accents
		{"Strassenkind", "Straßenkind", "Straẞenkind", "Straſſenkind"},                           // sharp s
		{"Krishna 😀", "Krishna 😁", "Krishna 🙏", "Krishna �", "Krishna ?"},                        // beyond 16 bits
		{"ハナコさんです", "はなこさんです", "ﾊﾅｺさんです!", "バナコさんです"},                                            // kana
		{"Krishna1", "Krishna１", "Krishna¹", "Krishna①"},                                         // digits
		{"Krishna\u200DMohan", "Krishna\u200CMohan", "Krishna\u00ADMohan", "Krishna\u200BMohan"}, // what is not seen
		{"Krishna Mohan", "Krishna  Mohan", "Krishna\u00A0Mohan", "Krishna\u2003Mohan"},          // spaces
		{"Krishna-Mohan", "Krishna\u2010Mohan", "Krishna\u2011Mohan", "Krishna_Mohan", "Krishna%Mohan"},
		{"Krishna.", "Krishna..", "Krishna...", "Krishna…"},
		{"Istanbul", "İstanbul", "ıstanbul", "istanbul"},
		{"Москвичка", "Mосквичка", "Москвичкa"}, // look alike
		{"Krishnaæ", "Krishnaae", "Krishnaǽ"},
		{"Krishnaﬁ", "Krishnafi", "KrishnaFI"}, // ligatures, which Form C leaves alone
		{"00000001", "000000001", "0000000001"},
		{"Krishna\u200B", "Krishna\u200B\u200B", "Krishna\u200B\u200D"}, // at the end
		{strings.Repeat("x", 31) + "y", strings.Repeat("x", 31) + "Y", strings.Repeat("x", 32), strings.Repeat("x", 31)},
	} {
		users := make([]user.User, 0, len(family))
		for _, name := range family {
			if len([]rune(name)) < user.MinNameLength {
				name += " San"
			}
			users = append(users, s.mustAdd(t, user.New(named(t, name), phone(t, next), joined())))
			next++
		}
		for i, u := range users {
			s.expect(t, u)
			if _, err := s.remove(t.Context(), u.Name, nil); err != nil {
				t.Errorf("remove %+q: %v", u.Name.String(), err)
			}
			for _, left := range users[i+1:] {
				s.expect(t, left)
			}
		}
	}
	if got := s.count(t); got != 0 {
		t.Errorf("%d users are left", got)
	}
}
