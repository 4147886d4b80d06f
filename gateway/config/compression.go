package config

import "go.yaml.in/yaml/v4"

// Compression is which answers go out as gzip to clients that want it. The zero value compresses none.
type Compression struct {
	Level int   // from 1, the fastest, to 9, the smallest; 0: nothing is compressed
	Min   int64 // bytes of a body, if its length is known
}

// compression reads the section of that name; without one nothing is compressed.
func (r *reader) compression(n *yaml.Node) (c Compression) {
	if n == nil {
		return c
	}
	return section(r, n, "compression", Compression{Level: 5, Min: 1 << 10}, func(c *Compression) []setting {
		return []setting{
			countSetting("level", &c.Level, 1, 9),
			{"min", func(r *reader, n *yaml.Node, what string) {
				if size, ok := r.size(n, what, "512 or 1KiB"); ok {
					c.Min = size
				}
			}},
		}
	})
}
