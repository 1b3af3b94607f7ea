package jobs

import (
	"context"
	"encoding/json"
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
	args := "json(args)"
	if j.db.pg {
		args = "CAST(args AS TEXT)"
	}
	rows, err := j.db.QueryContext(ctx, j.db.q("SELECT "+args+" FROM river_job WHERE kind = ? AND finalized_at IS NULL ORDER BY id"), kind)
	if err != nil {
		return nil, oneLine(err)
	}
	defer rows.Close()
	var all []json.RawMessage
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, oneLine(err)
		}
		all = append(all, json.RawMessage(text))
	}
	return all, oneLine(rows.Err())
}
