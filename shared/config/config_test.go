package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/config"
)

type Inner struct {
	Timeout time.Duration `env:"TIMEOUT" envDefault:"5s"`
}

type Other struct {
	Timeout int `env:"OTHER_TIMEOUT"`
}

type settings struct {
	Inner
	Other    Other  // whose field has the name of another's
	Password string `env:"PASSWORD"`
	Limit    int    `env:"LIMIT"    envDefault:"3"`
}

func TestLoad(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("s3cret\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		env  map[string]string
		want settings
		err  []string // parts of the message
	}{
		"defaults":        {want: settings{Inner: Inner{5 * time.Second}, Limit: 3}},
		"empty is absent": {env: map[string]string{"LIMIT": ""}, want: settings{Inner: Inner{5 * time.Second}, Limit: 3}},
		"values": {
			env:  map[string]string{"TIMEOUT": "2m", "LIMIT": "7", "PASSWORD": "p"},
			want: settings{Inner: Inner{2 * time.Minute}, Limit: 7, Password: "p"},
		},
		"a file": {
			env:  map[string]string{"PASSWORD_FILE": secret},
			want: settings{Inner: Inner{5 * time.Second}, Limit: 3, Password: "s3cret"},
		},
		"both": {
			env: map[string]string{"PASSWORD_FILE": secret, "PASSWORD": "p"},
			err: []string{"PASSWORD and PASSWORD_FILE are both set"},
		},
		"no such file": {
			env: map[string]string{"PASSWORD_FILE": secret + "-absent"},
			err: []string{"PASSWORD_FILE: ", "no such file"},
		},
		"all that is wrong": {
			env: map[string]string{"OTHER_TIMEOUT": "5s", "LIMIT": "many"},
			err: []string{"OTHER_TIMEOUT is not a valid whole number", "LIMIT is not a valid whole number"},
		},
		"a duration without its unit": {
			env: map[string]string{"TIMEOUT": "5"},
			err: []string{"TIMEOUT is not a valid duration"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got settings
			err := config.Load(&got, func(key string) string { return tc.env[key] })
			if (err != nil) != (len(tc.err) > 0) {
				t.Fatalf("error = %v, want %q", err, tc.err)
			}
			for _, part := range tc.err {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
			if err == nil && got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestLoadRequired(t *testing.T) {
	t.Parallel()
	var got struct {
		URL string `env:"DATABASE_URL,required"`
	}
	err := config.Load(&got, func(string) string { return "" })
	if err == nil || err.Error() != "DATABASE_URL is not set" {
		t.Errorf("error = %v, want that DATABASE_URL is not set", err)
	}
}
