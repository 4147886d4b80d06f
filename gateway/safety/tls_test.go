package safety_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/safety"
)

// TestTLS runs the same table against the gateway's TLS listener, over HTTP/1.1.
func TestTLS(t *testing.T) {
	t.Parallel()
	suite := newSuite(t, safety.Cases())
	cert, key := certificate(t)
	g := startGateway(t, suite.Routes(), "TLS_ADDR=127.0.0.1:0", "TLS_CERT_PATH="+cert, "TLS_KEY_PATH="+key)
	dialer := &tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, // the certificate is this test's own
		NextProtos:         []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
	}}
	dial := func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", g.tlsAddr) }
	if conn, err := dial(t.Context()); err != nil {
		t.Fatalf("the gateway does not serve TLS: %v", err)
	} else {
		_ = conn.Close()
	}
	runAll(t, suite, dial)
}

// certificate writes a certificate for 127.0.0.1 and its key to files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private)
}
