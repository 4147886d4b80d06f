package database_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"testing"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestTextIsNeverAStatement: arguments are written into the statement's text, and a connection takes several statements
// at once. So what the URL says of character sets and of backslashes must not make an argument end before its end.
func TestTextIsNeverAStatement(t *testing.T) {
	t.Parallel()
	e := enginetest.MySQL(t)
	direct := counters(t, e.URL)
	for _, parameter := range []string{
		"charset=utf8mb4", "charset=gbk", "charset=sjis,gbk", "character_set_client=gbk", "collation=gbk_chinese_ci",
		"sql_mode=''", "sql_mode='NO_BACKSLASH_ESCAPES'", "sql_mode='ANSI_QUOTES'", "multiStatements=false",
	} {
		t.Run(parameter, func(t *testing.T) {
			t.Parallel()
			db := open(t, withParameter(e.URL, parameter))
			for _, text := range []string{
				`'; UPDATE counters SET n = 99; -- `, `\'; UPDATE counters SET n = 99; -- `, `\`, `'`, `"`, "\x00", "😀",
				"縗'; UPDATE counters SET n = 99; -- ", "縗\\'; UPDATE counters SET n = 99; -- ", // half a character before ', in GBK
				"ソ'; UPDATE counters SET n = 99; -- ", "表\\'; UPDATE counters SET n = 99; -- ", // the same, in Shift JIS
			} {
				wantEcho(t, db, text)
			}
		})
	}
	t.Cleanup(func() {
		var changed int
		query := "SELECT COUNT(*) FROM counters WHERE n <> 0"
		if err := direct.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&changed); err != nil || changed > 0 {
			t.Errorf("an argument was carried out: %d rows, %v", changed, err)
		}
	})
}

// wantEcho has the database say what an argument was, outside of a transaction and as the first statement of one.
func wantEcho(t *testing.T, db *database.DB, text string) {
	t.Helper()
	const query = "SELECT HEX(CONVERT(? USING utf8mb4)) = HEX(CONVERT(UNHEX(?) USING utf8mb4))"
	same := func(q interface {
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	},
	) {
		var is bool
		if err := q.QueryRowContext(t.Context(), query, text, hex.EncodeToString([]byte(text))).Scan(&is); err != nil || !is {
			t.Errorf("%q arrives as itself: %t, %v", text, is, err)
		}
	}
	same(db)
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE counters SET n = 0 WHERE id = 1 AND ? = 'never'", text)
		same(tx)
		return err
	})
	if err != nil {
		t.Errorf("%q: %v", text, err)
	}
}
