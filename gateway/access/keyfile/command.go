package keyfile

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage says how Command is called.
const Usage = `usage: gateway key new -file FILE -id ID -actor ACTOR -scopes SCOPE,... [-expires 90d] [-rate-limit NAME]
                               make a key, write its hash into FILE, print the key: it is shown this once
       gateway key hash        print the hash of the key on standard input`

// Command is `gateway key`: args are what follows those two words. now is the time from which an expiry counts.
func Command(args []string, stdin io.Reader, stdout io.Writer, now time.Time) error {
	switch {
	case len(args) > 0 && args[0] == "new":
		return newKey(args[1:], stdout, now)
	case len(args) == 1 && args[0] == "hash":
		return hash(stdin, stdout)
	default:
		return errors.New(Usage)
	}
}

func hash(stdin io.Reader, stdout io.Writer) error {
	line, err := bufio.NewReader(io.LimitReader(stdin, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the key: %w", err)
	}
	h, ok := HashOf(strings.TrimSpace(line))
	if !ok {
		return fmt.Errorf("what came in is no key: it has not the form %s…, or its checksum is wrong", Prefix)
	}
	_, err = fmt.Fprintln(stdout, h)
	return err
}

func newKey(args []string, stdout io.Writer, now time.Time) error {
	flags := flag.NewFlagSet("gateway key new", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("file", "", "")
	id := flags.String("id", "", "")
	actor := flags.String("actor", "", "")
	scopes := flags.String("scopes", "", "")
	expires := flags.String("expires", "", "")
	limit := flags.String("rate-limit", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return fmt.Errorf("these arguments are not understood: %q\n%s", args, Usage)
	}
	if *file == "" {
		return fmt.Errorf("-file is missing\n%s", Usage)
	}
	key := NewKey()
	h, _ := HashOf(key)
	e := Entry{ID: *id, Hash: h, Actor: *actor, RateLimit: *limit}
	if *scopes != "" {
		e.Scopes = strings.Split(*scopes, ",")
	}
	if *expires != "" {
		until, err := expiry(*expires, now)
		if err != nil {
			return err
		}
		e.Expires = until
	}
	if err := add(*file, e); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, key)
	return err
}

// expiry reads days from now, as 90d, or a time of RFC 3339.
func expiry(text string, now time.Time) (time.Time, error) {
	var days int
	if number, ok := strings.CutSuffix(text, "d"); ok {
		days, _ = strconv.Atoi(number)
	}
	if days > 0 && days <= 36500 {
		return now.UTC().AddDate(0, 0, days).Truncate(time.Second), nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil || !until.After(now) {
		return time.Time{}, fmt.Errorf("-expires %s is neither a number of days, like 90d, "+
			"nor a time to come, like 2027-01-31T00:00:00Z", text)
	}
	return until.UTC(), nil
}

// add writes an entry behind those of a file, which is made if it is not there. A gateway that reads meanwhile sees the
// old file or the new one.
func add(file string, e Entry) error {
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the file of the keys: %w", err)
	}
	if len(content) > 0 && content[len(content)-1] != '\n' {
		content = append(content, '\n')
	}
	if _, err := Parse(file, content, Rules{}); err != nil {
		return fmt.Errorf("the file is not right as it is:\n%w", err)
	}
	content = append(content, e.text()...)
	if _, err := Parse(file, content, Rules{}); err != nil {
		return fmt.Errorf("the key cannot be added:\n%w", err)
	}
	return replace(file, content)
}

// text returns an entry as it is written. JSON's strings, which %q's come close to for what an entry may hold, are YAML's.
func (e Entry) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- id: %q\n  hash: %s\n  actor: %q\n  scopes: [", e.ID, e.Hash, e.Actor)
	for i, scope := range e.Scopes {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", scope)
	}
	b.WriteString("]\n")
	if !e.Expires.IsZero() {
		fmt.Fprintf(&b, "  expires: %s\n", e.Expires.Format(time.RFC3339))
	}
	if e.RateLimit != "" {
		fmt.Fprintf(&b, "  rate_limit: %q\n", e.RateLimit)
	}
	return b.String()
}

// replace puts a file in another's place, at once and whole. Its mode stays; a new file is its owner's alone.
func replace(file string, content []byte) error {
	mode := os.FileMode(0o600)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".keys-*")
	if err != nil {
		return fmt.Errorf("write the file of the keys: %w", err)
	}
	_, err1 := temporary.Write(content)
	err2 := temporary.Chmod(mode)
	err3 := temporary.Sync()
	if err := errors.Join(err1, err2, err3, temporary.Close()); err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write the file of the keys: %w", err)
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write the file of the keys: %w", err)
	}
	return nil
}
