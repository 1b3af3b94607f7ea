package external

import (
	"errors"
	"net/url"
	"strings"

	"rummage/scan"
)

// sarifLog is what is read of SARIF 2.1.0 (OASIS).
type sarifLog struct {
	Version string `json:"version"`
	Runs    []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID string `json:"id"`
				} `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		Invocations []struct {
			Successful *bool `json:"executionSuccessful"`
		} `json:"invocations"`
		Results []sarifResult `json:"results"`
	} `json:"runs"`
}

type sarifResult struct {
	RuleID    string `json:"ruleId"`
	RuleIndex *int   `json:"ruleIndex"`
	Rule      struct {
		ID    string `json:"id"`
		Index *int   `json:"index"`
	} `json:"rule"`
	Kind    string `json:"kind"`
	Level   string `json:"level"`
	Message struct {
		Text string `json:"text"`
	} `json:"message"`
	Locations    []sarifLocation `json:"locations"`
	Suppressions []struct {
		Status        string `json:"status"`
		Justification string `json:"justification"`
	} `json:"suppressions"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine   int `json:"startLine"`
			StartColumn int `json:"startColumn"` // 1-based
			EndLine     int `json:"endLine"`
			EndColumn   int `json:"endColumn"` // after the last character
		} `json:"region"`
	} `json:"physicalLocation"`
}

func (o *origin) sarif(data []byte) (reading, error) {
	var read reading
	var report sarifLog
	err := decode(data, &report)
	for i := range report.Runs {
		run := &report.Runs[i]
		var rules []string
		for _, r := range run.Tool.Driver.Rules {
			rules = append(rules, r.ID)
		}
		for j := range run.Results {
			r := &run.Results[j]
			if r.Kind != "" && r.Kind != "fail" && r.Kind != "open" && r.Kind != "review" {
				continue // it says that something is in order, or only tells
			}
			if e := o.sarifFindings(&read, r, r.rule(rules)); e != nil {
				return read, e
			}
		}
		for _, v := range run.Invocations {
			if v.Successful != nil && !*v.Successful && err == nil {
				err = errors.New("says that it did not come to its end")
			}
		}
	}
	switch {
	case err != nil:
	case !strings.HasPrefix(report.Version, "2.1"):
		err = errors.New("its report is no SARIF 2.1")
	case len(report.Runs) == 0:
		err = errors.New("its report has no run")
	}
	return read, err
}

// rule is the id of the result's rule, which may be told by its place in the list.
func (r *sarifResult) rule(rules []string) string {
	for _, id := range []string{r.RuleID, r.Rule.ID} {
		if id != "" {
			return id
		}
	}
	for _, i := range []*int{r.RuleIndex, r.Rule.Index} {
		if i != nil && *i >= 0 && *i < len(rules) {
			return rules[*i]
		}
	}
	return ""
}

// sarifFindings adds a finding for each location, since their values, which are not known, need not be one.
func (o *origin) sarifFindings(read *reading, r *sarifResult, rule string) error {
	locations := r.Locations
	if len(locations) == 0 {
		locations = make([]sarifLocation, 1)
	}
	var suppressed *scan.Suppression
	for _, s := range r.Suppressions {
		if s.Status == "" || s.Status == "accepted" {
			suppressed = &scan.Suppression{By: o.scanner, Reason: describe(s.Justification)}
			break
		}
	}
	for i := range locations {
		l := &locations[i].Physical
		file := inImage(pathOfURI(l.Artifact.URI))
		g := &l.Region
		f := o.finding(rule, "", o.image, file, decimal(g.StartLine), decimal(g.StartColumn))
		f.Description, f.Suppressed = describe(r.Message.Text), suppressed
		if r.Level != "" {
			f.Severity = severityOf(r.Level)
		}
		p := o.place(file, g.StartLine)
		columnsOf(&p, g.StartColumn, g.EndLine, g.EndColumn)
		f.Places = []scan.Place{p}
		if err := read.add(f); err != nil {
			return err
		}
	}
	return nil
}

// pathOfURI is the path of a URI, which most often is relative.
func pathOfURI(uri string) string {
	if u, err := url.Parse(clip(uri, maxPath)); err == nil && (u.Scheme == "" || u.Scheme == "file") {
		return u.Path
	}
	return uri
}
