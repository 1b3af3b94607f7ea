package store

import (
	"context"
	"strings"
)

// column is a column of the rows of one statement.
type column interface {
	at(i int) any
	array() any        // all of them, as PostgreSQL takes them
	arrayType() string // there
	len() int
}

type (
	ints  []int64
	texts []string
	blobs [][]byte

	maybes []*int64 // nil is NULL
)

func (c ints) at(i int) any       { return c[i] }
func (c ints) array() any         { return []int64(c) }
func (c ints) arrayType() string  { return "BIGINT[]" }
func (c ints) len() int           { return len(c) }
func (c texts) at(i int) any      { return c[i] }
func (c texts) array() any        { return []string(c) }
func (c texts) arrayType() string { return "TEXT[]" }
func (c texts) len() int          { return len(c) }
func (c blobs) at(i int) any      { return c[i] }
func (c blobs) array() any        { return [][]byte(c) }
func (c blobs) arrayType() string { return "BYTEA[]" }
func (c blobs) len() int          { return len(c) }

func (c maybes) at(i int) any      { return c[i] }
func (c maybes) array() any        { return []*int64(c) }
func (c maybes) arrayType() string { return "BIGINT[]" }
func (c maybes) len() int          { return len(c) }

// repeated is a column that has the same value in n rows.
func repeated(v int64, n int) ints {
	out := make(ints, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// bulkSizes are how many rows a statement of SQLite has that writes some: few sizes, so that there are few statements to parse.
var bulkSizes = [...]int{256, 64, 16, 4, 1}

// insert writes rows: into names table and columns, conflict is what comes after them. No row may come twice.
func (c conn) insert(ctx context.Context, into, conflict string, columns ...column) error {
	n := columns[0].len()
	if n == 0 {
		return nil
	}
	if c.d.number {
		var arrays []string
		var args []any
		for _, column := range columns {
			arrays, args = append(arrays, "CAST(? AS "+column.arrayType()+")"), append(args, column.array())
		}
		_, err := c.exec(ctx, "INSERT INTO "+into+" SELECT * FROM unnest("+strings.Join(arrays, ", ")+") "+conflict, args...)
		return err
	}
	for from := 0; from < n; {
		size := 1
		for _, s := range bulkSizes {
			if s <= n-from {
				size = s
				break
			}
		}
		args := make([]any, 0, size*len(columns))
		for i := from; i < from+size; i++ {
			for _, column := range columns {
				args = append(args, column.at(i))
			}
		}
		if _, err := c.exec(ctx, "INSERT INTO "+into+" VALUES "+marks(size, len(columns))+" "+conflict, args...); err != nil {
			return err
		}
		from += size
	}
	return nil
}
