package writes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/glarimy/ums/bench/dataset"
	"github.com/glarimy/ums/bench/load"
	"github.com/glarimy/ums/bench/report"
)

// measurement is one run of the benchmark.
type measurement struct {
	options

	progress io.Writer
	events   *events
	set      *dataset.Set // of the services
	dir      string       // for their output

	cursorKey string // of the services with lists

	bare    *bare
	service *service // add
	others  []*service
	client  *load.Client
	prober  *http.Client

	settings string // of the database, as far as they matter
	samples  struct{ bare, service []report.Sample }
	failed   int64 // requests that were not answered with 201
	lag      load.Result
	lagRate  float64
	visible  visibility
	reads    []reading
}

// start starts the services, and prepares the bare program on a database of its own.
func (m *measurement) start(ctx context.Context, bareURL string) (err error) {
	if m.bare, err = openBare(bareURL, newNames(m.connections)); err != nil {
		return err
	}
	if m.settings, err = m.readSettings(ctx); err != nil {
		return err
	}
	if m.service, err = m.serve(ctx, "add"); err != nil {
		return err
	}
	m.client, err = load.DialSources(ctx, m.service.addr, http.StatusCreated, posts(m.service.addr, newNames(m.connections)))
	return err
}

func (m *measurement) readSettings(ctx context.Context) (string, error) {
	var flush, logBin string
	err := m.bare.db.QueryRowContext(ctx, "SELECT @@innodb_flush_log_at_trx_commit, @@log_bin").Scan(&flush, &logBin)
	if err != nil {
		return "", fmt.Errorf("read the database's settings: %w", err)
	}
	return fmt.Sprintf("innodb_flush_log_at_trx_commit=%s, log_bin=%s", flush, logBin), nil
}

// measure measures the two in turns, so that whatever else the machine does meets both alike, and then the lag.
func (m *measurement) measure(ctx context.Context) error {
	if _, err := m.bare.run(ctx, m.duration/2); err != nil { // a warm-up each
		return fmt.Errorf("the bare program: %w", err)
	}
	if _, err := m.client.Run(ctx, m.duration/2); err != nil {
		return err
	}
	for round := range m.rounds {
		fmt.Fprintf(m.progress, "bench: round %d of %d\n", round+1, m.rounds)
		r, err := m.bare.run(ctx, m.duration)
		if err != nil {
			return fmt.Errorf("the bare program: %w", err)
		}
		m.samples.bare = append(m.samples.bare, sample(r, 0))
		var profiled chan error
		if m.profile != "" && round == m.rounds-1 {
			profiled = make(chan error, 1)
			go func() { profiled <- m.fetchProfile(ctx) }()
		}
		if err := m.measureService(ctx); err != nil {
			return err
		}
		if profiled != nil {
			if err := <-profiled; err != nil {
				return err
			}
		}
	}
	return m.measureLag(ctx)
}

func (m *measurement) measureService(ctx context.Context) error {
	before, err := m.service.process.CPU()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	r, err := m.client.Run(ctx, m.duration)
	if err != nil {
		return err
	}
	after, err := m.service.process.CPU()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	m.failed += r.Failed
	m.samples.service = append(m.samples.service, sample(r, (after-before)/time.Duration(r.Requests)))
	return nil
}

func sample(r load.Result, cpu time.Duration) report.Sample {
	return report.Sample{PerSecond: r.PerSecond(), P50: r.Percentile(50), P99: r.Percentile(99), CPU: cpu}
}

// measureLag writes at half of the rate that the service had, and meanwhile reads the stream, and looks for single users.
func (m *measurement) measureLag(ctx context.Context) error {
	m.lagRate = m.row().Median(report.PerSecond) / 2
	fmt.Fprintf(m.progress, "bench: the way to the bus, at %.0f requests/s\n", m.lagRate)
	if err := m.startProbe(ctx); err != nil {
		return err
	}
	if err := m.events.skip(ctx); err != nil {
		return err
	}
	writing, end := context.WithCancel(ctx)
	defer end()
	read := make(chan error, 1)
	go func() {
		var err error
		m.lag, err = m.events.measure(writing)
		read <- err
	}()
	probed := make(chan error, 1)
	go func() { probed <- m.probe(writing) }()
	r, err := m.client.RunAt(ctx, m.lagTime, m.lagRate)
	end()
	m.failed += r.Failed
	return errors.Join(err, <-read, <-probed)
}

func (m *measurement) fetchProfile(ctx context.Context) (err error) {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", m.service.adminAddr, max(1, int(m.duration.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		return fmt.Errorf("fetch the profile: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	file, err := os.Create(m.profile)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}

// close ends what start started.
func (m *measurement) close() error {
	var errs []error
	if m.client != nil {
		errs = append(errs, m.client.Close())
	}
	for _, s := range m.others {
		errs = append(errs, s.process.Stop())
	}
	if m.service != nil {
		errs = append(errs, m.service.process.Stop())
	}
	if m.bare != nil {
		errs = append(errs, m.bare.close())
	}
	return errors.Join(errs...)
}
