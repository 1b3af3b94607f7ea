package metrics

import (
	"runtime"
)

// Sweep are the metrics of a sweep. Those that are in the database are read when they are shown, with GaugeFunc, under the names
// below.
type Sweep struct {
	Searches      *Counter   // result: complete, partial, failed
	SearchSeconds *Histogram // of one repository
	Fetches       *Counter   // host, result
	FetchedBytes  *Counter
	Blobs         *Counter // searched
	Bytes         *Counter // searched
	Deliveries    *Counter // channel, result: sent, retried, failed
	MirrorBytes   *Gauge
}

// Names of the families that are read from the database, with the labels that each has.
const (
	Repositories  = "rummage_sweep_repositories"          // state
	Findings      = "rummage_sweep_findings"              // state, severity
	OldestSearch  = "rummage_sweep_oldest_search_seconds" // without labels
	Queue         = "rummage_sweep_queue"                 // kind, state
	buildInfoName = "rummage_build_info"
)

// NewSweep makes the metrics of a sweep, and tells the program's version.
func NewSweep(r *Registry, version string) *Sweep {
	r.Gauge(buildInfoName, "The program; the value is always 1.", "version", "goversion").Set(1, version, runtime.Version())
	s := &Sweep{
		Searches: r.Counter("rummage_sweep_searches_total", "Searches of repositories that ended.", "result"),
		SearchSeconds: r.Histogram("rummage_sweep_search_seconds", "How long searches of repositories took.",
			[]float64{.1, .5, 1, 5, 15, 60, 300, 900, 3600}),
		Fetches:      r.Counter("rummage_sweep_fetches_total", "Fetches of repositories that ended.", "host", "result"),
		FetchedBytes: r.Counter("rummage_sweep_fetched_bytes_total", "Bytes that fetches brought."),
		Blobs:        r.Counter("rummage_sweep_blobs_searched_total", "Blobs that were read."),
		Bytes:        r.Counter("rummage_sweep_bytes_searched_total", "Bytes of blobs that were read."),
		Deliveries:   r.Counter("rummage_sweep_deliveries_total", "Notifications, by how sending them ended.", "channel", "result"),
		MirrorBytes:  r.Gauge("rummage_sweep_mirror_bytes", "Disk that clones take."),
	}
	// A counter that is not there until its first event makes rate() miss that.
	for _, c := range []*Counter{s.FetchedBytes, s.Blobs, s.Bytes} {
		c.Add(0)
	}
	return s
}
