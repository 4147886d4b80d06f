package add_test

import (
	"net/http"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestMainServes runs the service as its program does, before and after there is a schema.
func TestMainServes(t *testing.T) {
	t.Parallel()
	sqlURL := enginetest.SQLite(t).URL
	url, stop := servicetest.Main(t, add.Main, map[string]string{
		"DATABASE_URL": sqlURL, "REDIS_URL": "redis://" + miniredis.RunT(t).Addr(),
	})
	s := &service{client: &http.Client{Transport: &http.Transport{}}, url: url}
	t.Cleanup(s.client.CloseIdleConnections)

	s.send(t, http.MethodGet, "/livez", "").wantStatus(t, http.StatusOK)
	s.send(t, http.MethodGet, "/readyz", "").wantProblem(t, problem.Unavailable)
	migrated(t, sqlURL)
	servicetest.Eventually(t, "the service is ready", func() bool {
		return s.send(t, http.MethodGet, "/readyz", "").status == http.StatusOK
	})
	s.post(t, "KrishnaMohan")
	stop()
}

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	right := map[string]string{"DATABASE_URL": enginetest.SQLite(t).URL, "REDIS_URL": "redis://cache:6379"}
	servicetest.Refuses(t, add.Main, right, nil, [][3]string{
		{"REDIS_URL", "", "REDIS_URL"},
		{"REDIS_URL", "redis://:s3cret@cache:6379?read_only=true&addr=b:1", "read_only"},
		{"CACHE_FENCE_TIME", "-1s", "FenceTime"},
	})
}
