package transfer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// input is what an import reads: a file, or a stream that can be read once.
type input struct {
	name   string
	reader io.Reader
	file   *os.File // nil for a stream
	format Format

	identity string // of the content; "" for a stream
	lines    int64  // 0 for a stream
}

// openInput opens a file and reads it once, to know it again and to tell how much is left; - is the stream.
func openInput(ctx context.Context, name string, stream io.Reader, format Format) (*input, error) {
	if name == "-" {
		buffered := bufio.NewReaderSize(stream, maxLine)
		return &input{name: "the standard input", reader: buffered, format: detect(format, "", buffered)}, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the input: %w", err)
	}
	in := &input{name: name, reader: file, file: file}
	if err := in.survey(ctx, format); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", name, err), file.Close())
	}
	return in, nil
}

// survey identifies the content and counts its lines.
func (i *input) survey(ctx context.Context, format Format) error {
	if info, err := i.file.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(errors.New("it is no file: give - and pipe it in"), err)
	}
	i.format = detect(format, i.name, bufio.NewReader(i.file))
	if _, err := i.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	content := sha256.New()
	buffer, last := make([]byte, 256<<10), byte('\n')
	for {
		n, err := i.file.Read(buffer)
		if n > 0 {
			last = buffer[n-1] //nolint:gosec // n is at most its length
		}
		content.Write(buffer[:n])
		i.lines += int64(bytes.Count(buffer[:n], []byte("\n")))
		switch {
		case errors.Is(err, io.EOF):
			if last != '\n' {
				i.lines++
			}
			i.identity = hex.EncodeToString(content.Sum(nil))
			_, err = i.file.Seek(0, io.SeekStart)
			return err
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

func (i *input) close() error {
	if i.file == nil {
		return nil
	}
	return i.file.Close()
}
