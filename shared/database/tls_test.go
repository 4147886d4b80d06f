package database_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority makes certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string // holds the certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.certificate, a.key, a.file, _ = a.issue(t, &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// certificate returns a file with the certificate of some authority.
func certificate(t *testing.T) string {
	t.Helper()
	return newAuthority(t).file
}

// issue signs a certificate, by itself where there is no authority yet, and returns it with its key and their files.
func (a *authority) issue(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, string, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotAfter, c.BasicConstraintsValid = big.NewInt(time.Now().UnixNano()), time.Now().Add(time.Hour), true
	c.Subject = pkix.Name{CommonName: "test"}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return parsed, key, write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", secret)
}

// TestTLS connects to a server of a private authority, as x-tls-ca names it.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, foreign := newAuthority(t), newAuthority(t)
	server, serverKey, _, _ := ours.issue(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	other, otherKey, _, _ := ours.issue(t, &x509.Certificate{DNSNames: []string{"elsewhere"}})
	_, _, clientCert, clientKey := ours.issue(t, &x509.Certificate{})
	for name, tc := range map[string]struct {
		params    url.Values
		misplaced bool // the server has a certificate for another name
		demands   bool // the server asks for the client's certificate
		want      bool
	}{
		"known authority":           {params: url.Values{"x-tls-ca": {ours.file}}, want: true},
		"beside golang-migrate's":   {params: url.Values{"x-tls-ca": {ours.file}, "tls": {"custom"}}, want: true},
		"another authority":         {params: url.Values{"x-tls-ca": {foreign.file}}},
		"the system's authorities":  {params: url.Values{"tls": {"true"}}},
		"another name":              {params: url.Values{"x-tls-ca": {ours.file}}, misplaced: true},
		"another name, not checked": {params: url.Values{"x-tls-ca": {ours.file}, "x-tls-insecure-skip-verify": {"1"}}, misplaced: true, want: true},
		"no certificate":            {params: url.Values{"x-tls-ca": {ours.file}}, demands: true},
		"a certificate": {
			params: url.Values{"x-tls-ca": {ours.file}, "x-tls-cert": {clientCert}, "x-tls-key": {clientKey}}, demands: true, want: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}}}
			if tc.misplaced {
				config.Certificates = []tls.Certificate{{Certificate: [][]byte{other.Raw}, PrivateKey: otherKey}}
			}
			if tc.demands {
				config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
				config.ClientCAs.AddCert(ours.certificate)
			}
			addr, shaken := tlsServer(t, config)
			db := open(t, "mysql://ums:s3cret@tcp("+addr+")/glarimy?"+tc.params.Encode())
			if err := db.PingContext(t.Context()); err == nil {
				t.Error("there is a database behind a handshake")
			}
			if err := <-shaken; (err == nil) != tc.want {
				t.Errorf("handshake: %v, want success = %t", err, tc.want)
			}
		})
	}
}

// tlsServer speaks MySQL's protocol up to the TLS handshake, sends what became of that, and closes.
func tlsServer(t *testing.T, config *tls.Config) (addr string, shaken <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	outcome := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			outcome <- err
			return
		}
		_ = l.Close()
		defer conn.Close()
		if _, err := conn.Write(greeting()); err != nil {
			outcome <- err
			return
		}
		if _, err := io.ReadFull(conn, make([]byte, 4+32)); err != nil { // SSLRequest
			outcome <- err
			return
		}
		secured := tls.Server(conn, config)
		err = secured.HandshakeContext(t.Context())
		if err == nil { // in TLS 1.3 the client's refusal, or ours of its certificate, comes after the handshake
			_, err = io.ReadFull(secured, make([]byte, 4))
		}
		outcome <- err
	}()
	return l.Addr().String(), outcome
}

// greeting is the first packet of a server that can do TLS (MySQL Internals, Protocol::HandshakeV10).
func greeting() []byte {
	const capabilities = 0x1 | 0x200 | 0x800 | 0x8000 | 0x80000 // long password, 4.1, TLS, secure connection, plugin
	payload := append([]byte{10}, "9.7.0\x00\x01\x00\x00\x00abcdefgh\x00"...)
	payload = append(payload, byte(capabilities&0xff), byte(capabilities>>8&0xff), 45, 2, 0,
		byte(capabilities>>16&0xff), byte(capabilities>>24), 21)
	payload = append(payload, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00"...)
	return append([]byte{byte(len(payload)), 0, 0, 0}, payload...)
}
