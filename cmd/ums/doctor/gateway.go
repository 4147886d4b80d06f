package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const checkGateway, checkClock = "gateway", "clock"

// Bounds of a difference between two clocks. A Date has whole seconds, and an answer takes its time.
const (
	skewWarn = 2 * time.Second
	skewFail = 30 * time.Second
)

func (e *examination) gateway(ctx context.Context) []Finding {
	if e.URL == "" {
		return []Finding{skip(checkGateway, "no URL is given", "give it with -url")}
	}
	asked := time.Now()
	status, header, _, err := e.get(ctx, e.URL+"/livez")
	if err != nil {
		return []Finding{fail(checkGateway, fmt.Sprintf("%s does not answer: %v", e.URL, err),
			"start the system, or give its URL with -url")}
	}
	if status != http.StatusOK {
		return []Finding{fail(checkGateway, fmt.Sprintf("%s/livez answers %d", e.URL, status), "is -url that of the gateway?")}
	}
	return []Finding{e.ready(ctx), e.described(ctx), dateSkew(header.Get("Date"), asked, time.Now())}
}

func (e *examination) ready(ctx context.Context) Finding {
	switch status, _, _, err := e.get(ctx, e.URL+"/readyz"); {
	case err != nil:
		return fail(checkGateway, fmt.Sprintf("%s is live, but /readyz does not answer: %v", e.URL, err), "read its log")
	case status != http.StatusOK:
		return fail(checkGateway, fmt.Sprintf("%s is live and not ready (%d)", e.URL, status),
			"it is stopping, or waits for what its log names")
	default:
		return ok(checkGateway, "%s is live and ready", e.URL)
	}
}

// described looks whether every slot has a service that describes itself.
func (e *examination) described(ctx context.Context) Finding {
	const do = "see that each slot's service runs and is ready, and that gateway.yaml names its address"
	status, _, body, err := e.get(ctx, e.URL+"/openapi.json")
	if err != nil {
		return fail(checkGateway, fmt.Sprintf("/openapi.json does not answer: %v", err), do)
	}
	var document struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &document) != nil || document.OpenAPI == "" {
		return fail(checkGateway, fmt.Sprintf("/openapi.json answers %d and no description", status), do)
	}
	var missing []string
	for _, call := range []string{"post /user", "get /user", "get /user/{name}", "get /journal"} {
		method, path, _ := strings.Cut(call, " ")
		if _, there := document.Paths[path][method]; !there {
			missing = append(missing, strings.ToUpper(method)+" "+path)
		}
	}
	if len(missing) > 0 {
		return warn(checkGateway, "/openapi.json does not describe "+strings.Join(missing, ", "), do)
	}
	return ok(checkGateway, "/openapi.json describes %d paths", len(document.Paths))
}

// dateSkew compares the server's clock with this machine's, which the answer lies between two readings of.
func dateSkew(date string, before, after time.Time) Finding {
	at, err := http.ParseTime(date)
	if err != nil {
		return skip(checkClock, "the gateway's answers have no Date", "")
	}
	skew := time.Duration(0)
	switch {
	case at.Add(time.Second).Before(before):
		skew = before.Sub(at.Add(time.Second))
	case at.After(after):
		skew = at.Sub(after)
	}
	return skewed("the gateway's clock", skew)
}

func skewed(whose string, skew time.Duration) Finding {
	f := ok(checkClock, "%s and this machine's agree", whose)
	if f.Status = byAge(skew.Abs(), skewWarn, skewFail); f.Status != OK {
		f.Says = fmt.Sprintf("%s and this machine's differ by %s", whose, skew.Abs().Round(100*time.Millisecond))
		f.Do = "have all machines follow NTP (chronyc tracking, timedatectl)"
	}
	return f
}

// get reads an address; no error holds the URL, which may have a password.
func (e *examination) get(ctx context.Context, rawURL string) (status int, header http.Header, body []byte, err error) {
	const most = 8 << 20
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return 0, nil, nil, errors.New("it is no URL of the form http://host:8080")
	}
	if e.APIKey != "" && strings.HasPrefix(rawURL, e.URL) {
		request.Header.Set("X-Api-Key", e.APIKey)
	}
	response, err := e.http.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err
		}
		return 0, nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, most))
	return response.StatusCode, response.Header, body, err
}
