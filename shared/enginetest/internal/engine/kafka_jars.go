package engine

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed" // the list
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// kafkaJarList names what a broker and its console tools need: Maven's group, artifact and version, and the SHA-256.
//
//go:embed kafka_jars.txt
var kafkaJarList string

// mavenCentral is where Apache publishes them.
const mavenCentral = "https://repo.maven.apache.org/maven2/"

// downloadWait bounds one download.
const downloadWait = 5 * time.Minute

// jarsAtOnce is how many are downloaded side by side.
const jarsAtOnce = 8

// jar is one artifact.
type jar struct{ group, artifact, version, sum string }

func (j jar) file() string { return j.artifact + "-" + j.version + ".jar" }

func (j jar) url() string {
	return mavenCentral + strings.ReplaceAll(j.group, ".", "/") + "/" + j.artifact + "/" + j.version + "/" + j.file()
}

func kafkaJars() (jars []jar) {
	lines := bufio.NewScanner(strings.NewReader(kafkaJarList))
	for lines.Scan() {
		coordinates, sum, _ := strings.Cut(lines.Text(), " ")
		if parts := strings.Split(coordinates, ":"); len(parts) == 3 {
			jars = append(jars, jar{parts[0], parts[1], parts[2], sum})
		}
	}
	return jars
}

// kafkaVersion is that of the broker's own artifact.
func kafkaVersion() string {
	for _, j := range kafkaJars() {
		if j.artifact == "kafka_2.13" {
			return j.version
		}
	}
	return "of no version"
}

// kafkaJars returns the folder of the artifacts, after what is missing in it was downloaded. They stay in the user's
// cache, for the processes of all tests.
func (h *Host) kafkaJars(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for Kafka's jars: %w", err)
	}
	folder := filepath.Join(cache, "ums-enginetest", "kafka-"+kafkaVersion())
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for Kafka's jars: %w", err)
	}
	unlock, err := waitLock(ctx, filepath.Join(folder, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	var missing []jar
	for _, j := range kafkaJars() {
		if _, err := os.Stat(filepath.Join(folder, j.file())); err != nil {
			missing = append(missing, j)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(h.Log, "enginetest: downloads %d jars of Kafka %s to %s\n", len(missing), kafkaVersion(), folder)
	}
	downloads, ctx := errgroup.WithContext(ctx)
	downloads.SetLimit(jarsAtOnce)
	for _, j := range missing {
		downloads.Go(func() error { return j.download(ctx, folder) })
	}
	return folder, downloads.Wait()
}

// download puts an artifact into a folder: whole and as it was published, or not at all.
func (j jar) download(ctx context.Context, folder string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, j.url(), http.NoBody)
	if err != nil {
		return fmt.Errorf("download %s: %w", j.file(), err)
	}
	response, err := (&http.Client{Timeout: downloadWait}).Do(request)
	if err != nil {
		return fmt.Errorf("download %s: %w", j.file(), err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("download %s: %s", j.url(), response.Status)
	}
	part, err := os.CreateTemp(folder, "part-*")
	if err != nil {
		return fmt.Errorf("download %s: %w", j.file(), err)
	}
	defer os.Remove(part.Name())
	defer part.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(part, sum), response.Body); err != nil {
		return fmt.Errorf("download %s: %w", j.file(), err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != j.sum {
		return fmt.Errorf("download %s: it is not what was published: its SHA-256 is %s, want %s", j.url(), got, j.sum)
	}
	if err := part.Close(); err != nil {
		return fmt.Errorf("download %s: %w", j.file(), err)
	}
	return os.Rename(part.Name(), filepath.Join(folder, j.file()))
}
