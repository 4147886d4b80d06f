package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/glarimy/ums/shared/user"
)

// checkFound makes sure that the server at addr answers with the user's record, so that all that are compared do the
// same work.
func checkFound(ctx context.Context, addr string, u user.User) error {
	status, body, err := get(ctx, addr, u.Name.String())
	if err != nil {
		return err
	}
	want := u.Record().AppendJSON(nil)
	if status != http.StatusOK || !sameJSON(body, want) {
		return fmt.Errorf("the answer for %s is %d %.200s, and not 200 %s", u.Name, status, body, want)
	}
	return nil
}

// checkMissing makes sure that the server knows which users there are.
func checkMissing(ctx context.Context, addr string, nobody user.Name) error {
	status, body, err := get(ctx, addr, nobody.String())
	if err == nil && status != http.StatusNotFound {
		err = fmt.Errorf("the answer for %s, who does not exist, is %d %.200s", nobody, status, body)
	}
	return err
}

func get(ctx context.Context, addr, name string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/user/"+name, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

func sameJSON(a, b []byte) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal(b, &right) == nil && reflect.DeepEqual(left, right)
}
