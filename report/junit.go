package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"rummage/scan"
)

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr,omitempty"`
	Line      int           `xml:"line,attr,omitempty"`
	Time      string        `xml:"time,attr"`
	Failure   *junitProblem `xml:"failure"`
	Error     *junitProblem `xml:"error"`
	Skipped   *junitProblem `xml:"skipped"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// writeJUnit writes one suite: a first case that says whether all was read (an error when not, so that a scan that
// could not look never passes; and a suite is never empty, which some servers take for a broken run), then a failed
// case for each finding, and a skipped one for each suppressed finding that is to be shown.
func writeJUnit(w io.Writer, v *view) error {
	suite := junitSuite{Name: v.Tool, Time: fmt.Sprintf("%.3f", v.Stats.Seconds)}
	if !v.Started.IsZero() {
		suite.Timestamp = printableDate(v.Started).Format("2006-01-02T15:04:05")
	}
	suite.Cases = append(suite.Cases, v.junitComplete())
	for i := range v.findings {
		f := &v.findings[i]
		c := junitCaseOf(f)
		c.Failure = &junitProblem{Message: junitMessage(f), Type: Escape(f.Severity), Text: junitText(f)}
		suite.Cases = append(suite.Cases, c)
	}
	for i := range v.suppressed {
		f := &v.suppressed[i]
		c := junitCaseOf(f)
		c.Skipped = &junitProblem{Message: junitMessage(f)}
		if s := f.Suppressed; s != nil {
			c.Skipped.Message = "suppressed by " + Escape(s.By) + reasonSuffix(s.Reason)
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests, suite.Failures, suite.Skipped = len(suite.Cases), len(v.findings), len(v.suppressed)
	if suite.Cases[0].Error != nil {
		suite.Errors = 1
	}
	all := junitSuites{Name: v.Tool, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Time: suite.Time, Suite: suite}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (v *view) junitComplete() junitCase {
	c := junitCase{Name: "everything was read", ClassName: v.Tool, Time: "0.000"}
	st := &v.Stats
	if st.Complete && !st.Interrupted {
		return c
	}
	var text strings.Builder
	for _, p := range st.Problems {
		text.WriteString("\n" + Escape(p.Where) + ": " + Escape(p.Why))
	}
	message := "not everything could be read: " + count(st.ProblemCount, "problem")
	if st.Interrupted {
		message = "the scan was interrupted"
	}
	c.Error = &junitProblem{Message: message, Type: "incomplete", Text: text.String() + "\n"}
	return c
}

func junitCaseOf(f *finding) junitCase {
	c := junitCase{Name: Escape(f.Description), ClassName: Escape(f.Rule), Time: "0.000"}
	if len(f.places) > 0 {
		p := &f.mainSite()[0]
		c.File, c.Line = Escape(p.Path), p.Line
		if p.Image != nil {
			c.File = Escape(placeFile(p))
		}
		c.Name += " in " + placeName(p)
	}
	c.Name += " [" + Escape(f.Fingerprint) + "]"
	return c
}

func junitMessage(f *finding) string {
	s := Escape(f.Description)
	if f.secret != "" {
		s += " (" + Escape(masked(f)) + ")"
	}
	main := f.mainSite()
	return s + " in " + siteName(main) + ", " + siteStory(main)
}

func junitText(f *finding) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, s := range f.sites {
		b.WriteString(siteName(s) + ": " + siteStory(s) + "\n")
		junitCommit(&b, s[0].Introduced)
		for i := range s {
			junitCommit(&b, s[i].Removed)
		}
	}
	if f.Remedy != "" {
		b.WriteString(EscapeLines(f.Remedy) + "\n")
	}
	return b.String()
}

func junitCommit(b *strings.Builder, c *scan.Commit) {
	if c != nil {
		b.WriteString("  " + Escape(abbreviate(c.ID)) + " " + Escape(c.Author) + ": " + Escape(c.Subject) + "\n")
	}
}
