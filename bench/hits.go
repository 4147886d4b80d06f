package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// countHits returns how many requests the warm find has answered from its cache so far, as it tells itself; 0 of any other
// server. A machine too busy for Redis to answer in time makes it less than all.
func (s *server) countHits(ctx context.Context) (int64, error) {
	if s.name != warm {
		return 0, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.adminAddr+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		return 0, fmt.Errorf("fetch the metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "ums_cache_hits_total "); ok {
			hits, err := strconv.ParseFloat(value, 64)
			return int64(hits), err
		}
	}
	return 0, fmt.Errorf("the metrics have no ums_cache_hits_total: %s", response.Status)
}
