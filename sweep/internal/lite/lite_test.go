package lite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

// TestKept: a statement is kept and used again, also while another run of it has rows to read, after an error, when the table
// changes, and when there are too many of them.
func TestKept(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE a (n INTEGER PRIMARY KEY); CREATE TABLE b (n INTEGER)") // two in one
	exec("INSERT INTO b VALUES (1)")
	for n := range 3 {
		exec("INSERT INTO a VALUES (?)", n)
		if _, err := db.Exec("INSERT INTO a VALUES (?)", n); err == nil {
			t.Fatal("a row twice")
		}
	}
	const ask = "SELECT n FROM a ORDER BY n"
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	outer, err := tx.Query(ask)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for outer.Next() {
		inner, err := tx.Query(ask)
		if err != nil {
			t.Fatal(err)
		}
		var n, m int
		if err := outer.Scan(&n); err != nil {
			t.Fatal(err)
		}
		for inner.Next() {
			if err := inner.Scan(&m); err != nil {
				t.Fatal(err)
			}
			got += fmt.Sprint(n, m, " ")
		}
		_ = inner.Close()
	}
	_ = outer.Close()
	if err := tx.Commit(); err != nil || got != "0 0 0 1 0 2 1 0 1 1 1 2 2 0 2 1 2 2 " {
		t.Errorf("%q %v", got, err)
	}
	const all = "SELECT * FROM a LIMIT 1"
	for columns := 1; columns <= 2; columns++ {
		rows, err := db.Query(all)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		_ = rows.Close()
		if err != nil || len(names) != columns {
			t.Errorf("%v %v, want %d", names, err, columns)
		}
		exec(fmt.Sprintf("ALTER TABLE a ADD COLUMN c%d", columns))
	}
	for n := range 2 * kept {
		exec(fmt.Sprintf("UPDATE a SET n = n WHERE n = %d", n))
	}
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Raw(func(driver any) error {
		if n := len(driver.(*keeping).idle); n == 0 || n > kept {
			t.Errorf("%d are kept", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
