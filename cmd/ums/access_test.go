package main_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway"
)

// TestUpEnforced brings users in and out through a gateway that asks for credentials, and looks who the journal says did it.
func TestUpEnforced(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	var out strings.Builder
	args := []string{"key", "new", "-file", keys, "-id", "ci", "-actor", "ci@example.org", "-scopes", "users:read,users:write,journal:read"}
	if err := gateway.Main(t.Context(), args, func(string) string { return "" }, &out); err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(out.String())
	i := start(t, t.TempDir(), map[string]string{"ACCESS": "enforced", "ACCESS_KEYS": keys})
	if status, body := call(t, http.MethodPost, i.url+"/user", `{"name":"KrishnaMohan","phone":9731423166}`); status != http.StatusUnauthorized {
		t.Errorf("without a key: %d %s", status, body)
	}
	path, _ := users(t, 3)
	if out, err := command(t, nil, "import", "-url", i.url, path); err == nil || !strings.Contains(err.Error(), "UMS_API_KEY") {
		t.Errorf("import without a key: %q, %v", out, err)
	}
	env := map[string]string{"UMS_API_KEY": key}
	if out, err := command(t, env, "import", "-url", i.url, path); err != nil || !strings.HasPrefix(out, "3 rows read = 3 added") {
		t.Errorf("import: %q, %v", out, err)
	}
	if out, err := command(t, env, "export", "-url", i.url); err != nil || strings.Count(out, "Transfer 00000") != 3 {
		t.Errorf("export: %q, %v", out, err)
	}
	eventually(t, "the journal names the actor", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.url+"/journal?type=com.glarimy.ums.user.added", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-API-Key", key)
		request.Header.Set("Ums-Actor", "mallory")
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return err == nil && strings.Count(string(body), `"ci@example.org"`) == 3
	})
}
