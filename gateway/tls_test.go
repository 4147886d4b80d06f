package gateway_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"

	"log/slog"
)

// writeCertificate writes a certificate for 127.0.0.1 with a serial number, and its key.
func writeCertificate(tb testing.TB, dir string, serial int64) gateway.TLS {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	files := gateway.TLS{Addr: "127.0.0.1:0", CertPath: filepath.Join(dir, "tls.crt"), KeyPath: filepath.Join(dir, "tls.key")}
	for path, block := range map[string]*pem.Block{
		files.CertPath: {Type: "CERTIFICATE", Bytes: cert}, files.KeyPath: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return files
}

func TestTLS(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
		return err == nil
	})
	service, _ := serveUntil(t, everySlotAt(upstream.url), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.TLS = writeCertificate(t, t.TempDir(), 1)
	})
	client := &tls.Config{InsecureSkipVerify: true}
	for _, version := range []int{1, 2} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(version == 1)
		protocols.SetHTTP2(version == 2)
		transport := &http.Transport{TLSClientConfig: client.Clone(), Protocols: protocols}
		for _, request := range []struct{ method, body string }{{"GET", ""}, {"PATCH", `{"phone":9731423166}`}} {
			r, err := http.NewRequestWithContext(t.Context(), request.method, "https://"+service.TLSAddr()+"/user/..%2f..x",
				strings.NewReader(request.body))
			if err != nil {
				t.Fatal(err)
			}
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			head := upstream.last(t)
			if err != nil || res.ProtoMajor != version || string(body) != "ok" || target(head) != "/user/..%2f..x" ||
				values(head, "X-Forwarded-Proto")[0] != "https" {
				t.Errorf("HTTP/%d: %s %q, %v; the upstream got %q", version, res.Proto, body, err, head)
			}
		}
		transport.CloseIdleConnections()
	}
	// What is no HTTP is refused here as it is on the cleartext listener.
	conn, err := tls.Dial("tcp", service.TLSAddr(), client)
	if err != nil {
		t.Fatal(err)
	}
	raw := &rawClient{Conn: conn, reader: bufio.NewReader(conn)}
	raw.write(t, "GET /user/x HTTP/1.1\r\nHost: h\r\nContent-Length : 0\r\n\r\n")
	res, err := raw.read(http.MethodGet)
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, res, problem.MalformedRequest, "")
}

// TestTLS_brokenOff checks that an answer that breaks off does not look whole to a client of HTTP/1.0, which takes the end of
// the connection for that of the answer: TLS must not say that this end is meant.
func TestTLS_brokenOff(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n5\r\nha")
		return false
	})
	service, _ := serveUntil(t, everySlotAt(upstream.url), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.TLS = writeCertificate(t, t.TempDir(), 1)
	})
	conn, err := tls.Dial("tcp", service.TLSAddr(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /user/x HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(conn); err == nil {
		t.Errorf("%q looks whole", all)
	}
}

// TestTLS_renewed checks that a certificate is replaced while the gateway runs, and that a broken one is not taken.
func TestTLS_renewed(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	files := writeCertificate(t, dir, 1)
	certificate, err := edge.LoadCertificate(files.CertPath, files.KeyPath, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		now = now.Add(time.Minute)
		c, err := certificate.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.Int64()
	}
	touch := func() {
		t.Helper()
		for _, path := range []string{files.CertPath, files.KeyPath} {
			if err := os.Chtimes(path, now, now); err != nil { // however coarse the file system's clock is
				t.Fatal(err)
			}
		}
	}
	if got := serial(); got != 1 {
		t.Errorf("serial %d, want 1", got)
	}
	writeCertificate(t, dir, 2)
	touch()
	if got := serial(); got != 2 {
		t.Errorf("serial %d after the files were replaced, want 2", got)
	}
	if err := os.WriteFile(files.KeyPath, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("serial %d with a broken key, want 2 still", got)
	}
}

func TestTLS_half(t *testing.T) {
	t.Parallel()
	_, err := gateway.New(httpserver.Config{AdminAddr: "off"}, gateway.Dependencies{
		Routes: mustLoad(t, everySlotAt("http://127.0.0.1:1")), Logger: slog.New(slog.DiscardHandler),
		Registry: httpserver.NewRegistry(), TLS: gateway.TLS{CertPath: "x"},
	})
	if err == nil || !strings.Contains(err.Error(), "TLS_KEY_PATH") {
		t.Errorf("%v, want a word about TLS_KEY_PATH", err)
	}
}
