package jobs

import (
	"context"
	"encoding/json"
	"fmt"
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

// Failed lists the parked jobs, oldest first.
func (j *Jobs) Failed(ctx context.Context) ([]Failure, error) {
	// River marks a job parked at once as cancelled, as it does one that Cancel was called for, with that time beside it.
	text := "CAST(%s AS TEXT)"
	args, errs := "json(args)", "coalesce(json(errors), '[]')"
	if j.db.pg {
		args, errs = fmt.Sprintf(text, "args"), fmt.Sprintf(text, "coalesce(to_jsonb(errors), '[]'::jsonb)")
	}
	rows, err := j.db.QueryContext(ctx, "SELECT id, kind, "+args+", "+errs+
		`, attempt FROM river_job WHERE state = 'discarded' OR state = 'cancelled' AND (metadata -> 'cancel_attempted_at') IS NULL
		ORDER BY id`)
	if err != nil {
		return nil, oneLine(err)
	}
	defer rows.Close()
	var fs []Failure
	for rows.Next() {
		var f Failure
		var args, errs string
		if err := rows.Scan(&f.ID, &f.Kind, &args, &errs, &f.Attempt); err != nil {
			return nil, oneLine(err)
		}
		var es []struct{ Error string }
		if err := json.Unmarshal([]byte(errs), &es); err != nil {
			return nil, oneLine(err)
		}
		f.Args, f.Reason = json.RawMessage(args), WorkerGone
		if len(es) > 0 {
			f.Reason = es[len(es)-1].Error
		}
		fs = append(fs, f)
	}
	return fs, oneLine(rows.Err())
}

// Retry makes a parked job available again.
func (j *Jobs) Retry(ctx context.Context, id int64) error { return oneLine(j.eng.retry(ctx, id)) }

// Cancel ends a job for good; a running one has its context cancelled when its worker learns of it.
func (j *Jobs) Cancel(ctx context.Context, id int64) error { return oneLine(j.eng.cancel(ctx, id)) }
