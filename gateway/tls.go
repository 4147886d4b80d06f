package gateway

import (
	"errors"
	"log/slog"
	"time"

	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/gateway/exchange"
)

// TLS is the listener for TLS and HTTP/2. It is off unless both files are named.
type TLS struct {
	Addr string `env:"TLS_ADDR" envDefault:":8443"`
	// CertPath and KeyPath are files in PEM: the certificate with its chain, and its key.
	CertPath string `env:"TLS_CERT_PATH"`
	KeyPath  string `env:"TLS_KEY_PATH"`
}

// newSecure returns the listener's side of a server, or nil if it is off.
func newSecure(t TLS, s *edge.Server, h exchange.Handler, logger *slog.Logger) (*edge.Secure, error) {
	if t.CertPath == "" && t.KeyPath == "" {
		return nil, nil //nolint:nilnil // no listener is what was asked for
	}
	if t.CertPath == "" || t.KeyPath == "" {
		return nil, errors.New("TLS needs both TLS_CERT_PATH and TLS_KEY_PATH; one of them is not set")
	}
	certificate, err := edge.LoadCertificate(t.CertPath, t.KeyPath, logger, time.Now)
	if err != nil {
		return nil, err
	}
	return edge.NewSecure(s, h, certificate), nil
}
