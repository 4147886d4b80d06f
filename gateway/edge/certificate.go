package edge

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// checkEvery is how often a handshake looks whether the files have changed.
const checkEvery = 5 * time.Second

// Certificate is a certificate with its key, from files in PEM that may be replaced while it is in use. It is safe for
// concurrent use.
type Certificate struct {
	certFile, keyFile string
	logger            *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	stamp   stamp
	checked time.Time
}

// stamp tells whether files have changed.
type stamp struct {
	cert, key         time.Time
	certSize, keySize int64
}

// LoadCertificate reads the files. They are looked at again every few seconds, as long as clients connect; what cannot
// be used is logged, and the certificate before it stays.
func LoadCertificate(certFile, keyFile string, logger *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, logger: logger, now: now}
	s, err := c.stat()
	if err != nil {
		return nil, err
	}
	if err := c.load(s); err != nil {
		return nil, err
	}
	c.checked = now()
	return c, nil
}

// Get returns the certificate; it is a tls.Config's GetCertificate.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.checked) >= checkEvery {
		c.checked = now
		c.renew()
	}
	return c.current, nil
}

func (c *Certificate) renew() {
	s, err := c.stat()
	if err == nil && s == c.stamp {
		return
	}
	if err == nil {
		err = c.load(s)
	}
	if err != nil {
		c.logger.Warn("the new certificate cannot be used; the one before it stays", "error", err)
		return
	}
	c.logger.Info("the certificate was renewed", "not_after", c.current.Leaf.NotAfter)
}

func (c *Certificate) load(s stamp) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load the certificate %s with the key %s: %w", c.certFile, c.keyFile, err)
	}
	c.current, c.stamp = &pair, s
	return nil
}

func (c *Certificate) stat() (stamp, error) {
	cert, err := os.Stat(c.certFile)
	if err != nil {
		return stamp{}, fmt.Errorf("look at the certificate: %w", err)
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return stamp{}, fmt.Errorf("look at the certificate's key: %w", err)
	}
	return stamp{cert: cert.ModTime(), key: key.ModTime(), certSize: cert.Size(), keySize: key.Size()}, nil
}
