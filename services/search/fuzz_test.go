package search_test

import (
	"testing"

	"github.com/glarimy/ums/services/search"
)

// FuzzQuery holds what a query is read as against the query of its next page's link: both must be the same list. Whatever
// is refused is refused as a problem.
func FuzzQuery(f *testing.F) {
	for _, raw := range []string{
		"", "limit=5", "name_prefix=Krishna+M%26&limit=1", "name=KrishnaMohan&name=Krishna%20Rao", "phone=9731423166", "phone_prefix=97314",
		"since_from=2022-09-12T10:00:00Z&since_to=2022-09-12T15:30:00.000001%2B05:30", "since_from=2022-09-12T1:00:00Z",
		"name_prefix=%ff&limit=x&=&%zz", "cursor=x&name=E%CC%81milie+du+Ch", "since_to=2022-09-12T10:00:00,1Z",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		list, link, err := search.ReadQuery(raw)
		if err != nil {
			if !search.IsRefusal(err) {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		same, again, err := search.ReadQuery(link)
		if err != nil || same != list || again != link {
			t.Errorf("%q is the list %q, and its link %q the list %q with the link %q, %v", raw, list, link, same, again, err)
		}
	})
}
