package jobs

import (
	"context"
	"encoding/json"
	"time"
)

// Status counts the jobs by kind and state.
func (j *Jobs) Status(ctx context.Context) ([]Count, error) {
	rows, err := j.db.QueryContext(ctx, "SELECT kind, state, count(*) FROM river_job GROUP BY kind, state ORDER BY kind, state")
	if err != nil {
		return nil, oneLine(err)
	}
	defer rows.Close()
	var cs []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Kind, &c.State, &c.N); err != nil {
			return nil, oneLine(err)
		}
		cs = append(cs, c)
	}
	return cs, oneLine(rows.Err())
}

// Unfinished lists the arguments of a kind's jobs that are queued, running or to be tried again.
func (j *Jobs) Unfinished(ctx context.Context, kind string) ([]json.RawMessage, error) {
	list, err := j.Left(ctx, kind)
	all := make([]json.RawMessage, len(list))
	for i := range list {
		all[i] = list[i].Args
	}
	return all, err
}

// Known is a job that there is.
type Known struct {
	Args    json.RawMessage
	Created time.Time // by the database's clock, which may tell whole seconds alone
	Running bool
}

// Left lists a kind's jobs that are queued, running or to be tried again, the oldest first.
func (j *Jobs) Left(ctx context.Context, kind string) ([]Known, error) {
	columns := "json(args), CAST(unixepoch(created_at, 'subsec') * 1000 AS INTEGER)"
	if j.db.pg {
		columns = "CAST(args AS TEXT), CAST(extract(epoch FROM created_at) * 1000 AS BIGINT)"
	}
	rows, err := j.db.QueryContext(ctx, j.db.q("SELECT "+columns+", state = 'running' FROM river_job WHERE kind = ? AND finalized_at IS NULL ORDER BY id"), kind)
	if err != nil {
		return nil, oneLine(err)
	}
	defer rows.Close()
	var all []Known
	for rows.Next() {
		var text string
		var created int64
		var running bool
		if err := rows.Scan(&text, &created, &running); err != nil {
			return nil, oneLine(err)
		}
		all = append(all, Known{json.RawMessage(text), time.UnixMilli(created), running})
	}
	return all, oneLine(rows.Err())
}
