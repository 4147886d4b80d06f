package peers

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/glarimy/ums/shared/database"
)

// Select answers with the row that a SELECT returns. Its pool of connections is the one that find has.
func Select(ctx context.Context, _ []string, getenv func(string) string, _ io.Writer) (err error) {
	url, err := database.ParseURL(getenv("DATABASE_URL"), "")
	if err != nil {
		return err
	}
	db, err := database.Open(url, database.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return serve(ctx, getenv, selectUser(db))
}

func selectUser(db *database.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var user struct {
			Name  string    `json:"name"`
			Phone uint64    `json:"phone"`
			Since time.Time `json:"since"`
		}
		const query = "SELECT name, phone, since FROM ums_users WHERE name = ?"
		err := db.QueryRowContext(r.Context(), query, mux.Vars(r)["name"]).Scan(&user.Name, &user.Phone, &user.Since)
		if err == nil {
			var record []byte
			if record, err = json.Marshal(user); err == nil {
				write(w, record)
				return
			}
		}
		status := http.StatusInternalServerError
		if errors.Is(err, sql.ErrNoRows) {
			status = http.StatusNotFound
		}
		http.Error(w, err.Error(), status)
	}
}
