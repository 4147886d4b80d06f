package migrations_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// authority makes a certificate that signs itself, and returns the files of it and of its key.
func authority(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", signed), writePEM(t, "PRIVATE KEY", secret)
}

func writePEM(t *testing.T, kind string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := enginetest.MySQL(t)
	server.RequireMySQL(t) // MariaDB before 11.4 has no TLS of its own accord
	cert, _ := authority(t)
	for name, tc := range map[string]struct {
		params string
		reason error
	}{
		"any certificate":        {"tls=skip-verify", nil},
		"any, with an authority": {"tls=own&x-tls-insecure-skip-verify=true&x-tls-ca=" + cert, nil},
		"of another authority":   {"tls=own&x-tls-ca=" + cert, migrations.ErrUnusable},
		"of no known one":        {"tls=true", migrations.ErrUnusable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMigrator(t, mysqlParams(t, server.URL, tc.params), migrations.Options{})
			if _, err := m.Version(t.Context()); !errors.Is(err, tc.reason) {
				t.Errorf("version: got %v, want %v", err, tc.reason)
			}
		})
	}
}

func TestTLSFiles(t *testing.T) {
	t.Parallel()
	cert, key := authority(t)
	for params, want := range map[string]string{
		"tls=own&x-tls-ca=" + cert: "",
		"tls=own&x-tls-ca=" + cert + "&x-tls-cert=" + cert + "&x-tls-key=" + key: "",
		"tls=own&x-tls-ca=/nowhere.pem":                                          "/nowhere.pem",
		"tls=own&x-tls-ca=" + key:                                                "holds no certificate",
		"tls=own&x-tls-ca=" + cert + "&x-tls-cert=" + cert:                       "x-tls-key",
		"tls=own&x-tls-ca=" + cert + "&x-tls-cert=" + key + "&x-tls-key=" + key:  "x-tls-cert",
	} {
		raw := "mysql://ums:" + password + "@tcp(127.0.0.1:1)/ums?" + params
		url, err := database.ParseURL(raw, "")
		if err == nil {
			_, err = migrations.New(url, migrations.Options{})
		}
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: got %v, want %q", params, err, want)
		}
	}
}
