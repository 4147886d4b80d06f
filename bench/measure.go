package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/glarimy/ums/bench/load"
	"github.com/glarimy/ums/bench/report"
)

// measure measures every server once a round, one after the other, so that whatever else the machine does meets all of
// them alike.
func (b *bench) measure(ctx context.Context) error {
	for round := range b.options.rounds {
		b.say("round %d of %d", round+1, b.options.rounds)
		for _, s := range b.servers {
			if err := b.sample(ctx, s); err != nil {
				return fmt.Errorf("measure %s: %w", s.name, err)
			}
		}
	}
	for _, s := range b.servers {
		if s.failed > 0 {
			b.notes = append(b.notes, fmt.Sprintf("**%s did not answer %d requests with 200**", s.name, s.failed))
		}
		if s.name == warm {
			b.notes = append(b.notes, fmt.Sprintf("Hits of the warm find's cache: %.2f %% of its requests",
				100*float64(s.hits)/float64(s.requests)))
		}
	}
	return nil
}

// sample takes one sample, after a warm-up.
func (b *bench) sample(ctx context.Context, s *server) (err error) {
	d := b.options.duration
	if s.share > 0 {
		d = time.Duration(float64(d) * s.share)
	}
	client, err := b.dial(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := s.warmUp(ctx, client, d/4); err != nil {
		return err
	}
	hits, err := s.countHits(ctx)
	if err != nil {
		return err
	}
	result, spent, err := s.run(ctx, client, d)
	if err != nil {
		return err
	}
	hitsNow, err := s.countHits(ctx)
	if err != nil {
		return err
	}
	s.hits += hitsNow - hits
	s.requests += result.Requests
	s.failed += result.Failed
	s.samples = append(s.samples, report.Sample{
		PerSecond: result.PerSecond(),
		P50:       result.Percentile(50),
		P99:       result.Percentile(99),
		CPU:       spent / time.Duration(result.Requests),
	})
	return nil
}

// warmUp loads the server for d, and the warm find for as many times d as it takes to have asked it for everybody: what
// has left its cache since the last round is there again.
func (s *server) warmUp(ctx context.Context, client *load.Client, d time.Duration) error {
	for asked := int64(0); ; {
		result, err := client.Run(ctx, d)
		asked += result.Requests
		if err != nil || s.name != warm || asked >= 2*names {
			return err
		}
	}
}

// run returns what the client saw and the CPU time that the server has spent on it, or 0 on a system that does not tell.
func (s *server) run(ctx context.Context, client *load.Client, d time.Duration) (load.Result, time.Duration, error) {
	before, err := s.process.CPU()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return load.Result{}, 0, err
	}
	result, err := client.Run(ctx, d)
	if err != nil {
		return load.Result{}, 0, err
	}
	after, err := s.process.CPU()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return load.Result{}, 0, err
	}
	return result, after - before, nil
}

// dial opens connections that ask for one user after the other.
func (b *bench) dial(ctx context.Context, s *server) (*load.Client, error) {
	paths := make([]string, len(b.set.Users))
	for i, u := range b.set.Users {
		paths[i] = "/user/" + u.Name.String()
	}
	return load.Dial(ctx, s.process.Addr, b.options.connections, paths)
}

// profileTime is how long a profile is.
const profileTime = 10 * time.Second

// profile writes a CPU profile of the warm find under load to a file.
func (b *bench) profile(ctx context.Context, path string) (err error) {
	i := slices.IndexFunc(b.servers, func(s *server) bool { return s.name == warm })
	if i < 0 {
		return fmt.Errorf("there is nothing to profile: the row %s was not measured", warm)
	}
	client, err := b.dial(ctx, b.servers[i])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	b.say("profiling for %v", profileTime)
	asked := make(chan error, 1)
	go func() {
		_, err := client.Run(ctx, profileTime+time.Second)
		asked <- err
	}()
	return errors.Join(b.servers[i].fetchProfile(ctx, path), <-asked)
}

func (s *server) fetchProfile(ctx context.Context, path string) (err error) {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.adminAddr, int(profileTime.Seconds()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		return fmt.Errorf("fetch the profile: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch the profile: the answer is %s", response.Status)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
