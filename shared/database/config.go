package database

// Config is what an operator can set of the database.
type Config struct {
	URL            string `env:"DATABASE_URL,required"`                    // see [URL]
	Password       string `env:"DATABASE_PASSWORD"`                        // takes the place of the URL's own
	MaxConnections int    `env:"DATABASE_MAX_CONNECTIONS" envDefault:"32"` // open at once, per process
}

// Open parses the URL and prepares the database, without connecting to it.
func (c Config) Open() (*DB, error) {
	u, err := ParseURL(c.URL, c.Password)
	if err != nil {
		return nil, err
	}
	return Open(u, Options{MaxConnections: c.MaxConnections})
}
