package scan

import (
	"cmp"
	"maps"
	"slices"
)

// Merge adds what another scan found and read: findings with one fingerprint become one finding with the places of both.
// Seconds stays what it was. The other result must not be used afterwards.
func (r *Result) Merge(other *Result) {
	r.Findings = mergeFindings(r.Findings, other.Findings)
	r.Suppressed = mergeFindings(r.Suppressed, other.Suppressed)
	r.Stats.add(&other.Stats)
	r.Stats.Suppressed = map[string]int64{} // one that both have is one
	for i := range r.Suppressed {
		r.Stats.Suppressed[r.Suppressed[i].Suppressed.By]++
	}
}

// mergeFindings is the findings of both lists, in the order of reports.
func mergeFindings(a, b []Finding) []Finding {
	merged := make([]Finding, 0, len(a)+len(b))
	byKey := map[findingKey]int{}
	for _, f := range slices.Concat(a, b) {
		k := findingKey{fingerprint: f.Fingerprint}
		if f.Suppressed != nil {
			k.suppressed = *f.Suppressed
		}
		if i, again := byKey[k]; again {
			merged[i].merge(&f)
			continue
		}
		byKey[k] = len(merged)
		merged = append(merged, f)
	}
	slices.SortFunc(merged, CompareFindings)
	return merged
}

// merge adds the places of a finding of the same fingerprint.
func (f *Finding) merge(other *Finding) {
	for _, g := range []*Finding{f, other} {
		for i := range g.Places { // what a place shares with its finding, it has on its own meanwhile
			p := &g.Places[i]
			if p.Tags == nil {
				p.Tags = g.Tags
			}
			p.Remedy = cmp.Or(p.Remedy, g.Remedy)
		}
	}
	if severityRank(other.Severity) < severityRank(f.Severity) {
		f.Severity = other.Severity
	}
	f.mergeSecret(other)
	f.Description = cmp.Or(f.Description, other.Description)
	f.Places = append(f.Places, other.Places...)
	if len(f.Places) == 0 {
		return
	}
	f.settlePlaces()
	f.shareRemedy()
}

// mergeSecret takes the value of the two that a single scan would have told (see builder.add). A masked form is told only
// where no value is known.
func (f *Finding) mergeSecret(other *Finding) {
	switch {
	case other.Secret != "" && (f.Secret == "" || other.Secret < f.Secret):
		f.Secret, f.Entropy, f.Masked = other.Secret, other.Entropy, ""
	case f.Secret == "" && other.Masked != "" && (f.Masked == "" || other.Masked < f.Masked):
		f.Masked, f.Entropy = other.Masked, other.Entropy
	}
}

// add sums the counts of two scans.
func (s *Stats) add(o *Stats) {
	s.Complete = s.Complete && o.Complete
	s.Interrupted = s.Interrupted || o.Interrupted
	s.Objects += o.Objects
	s.Blobs += o.Blobs
	s.NonBlobs += o.NonBlobs
	s.Scanned += o.Scanned
	s.Bytes += o.Bytes
	s.BytesBlobs += o.BytesBlobs
	s.BytesSearched += o.BytesSearched
	s.Commits += o.Commits
	s.Layers += o.Layers
	s.Messages += o.Messages
	s.NotUnderstood += o.NotUnderstood
	s.ProblemCount += o.ProblemCount
	s.Skipped = sum(s.Skipped, o.Skipped)
	s.Structured = sum(s.Structured, o.Structured)
	s.Problems = append(s.Problems, o.Problems[:min(len(o.Problems), max(0, maxNamedProblems-len(s.Problems)))]...)
	for _, n := range o.Notices {
		if !slices.Contains(s.Notices, n) {
			s.Notices = append(s.Notices, n)
		}
	}
}

// sum is the counts of both maps, nil when there are none.
func sum[K comparable](a, b map[K]int64) map[K]int64 {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(a)
	if out == nil {
		out = map[K]int64{}
	}
	for k, n := range b {
		out[k] += n
	}
	return out
}
