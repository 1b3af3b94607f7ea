package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rummage/benchmarks/labelled"
)

type tool struct {
	name  string
	score *labelled.Score
	// dockerfiles says that it reads Dockerfiles alone.
	dockerfiles bool
}

// reads says whether a tool reads files of a kind, and, for "all", all of them.
func (t *tool) reads(kind string) bool { return !t.dockerfiles || kind == "Dockerfile" }

// table counts labels by file kind and form.
type table struct {
	set   *labelled.Set
	tools []tool
}

func newTable(set *labelled.Set, tools []tool) *table { return &table{set, tools} }

// unread stands where a tool does not read files of that kind.
const unread = "–"

// fileKinds are the parts of the table, in this order.
var fileKinds = []string{"Dockerfile", "compose", ".env", "other"}

func (t *table) print(w io.Writer) {
	fmt.Fprintln(w, "\n## Found, of the lines where something is to be found")
	t.forms(w, func(k labelled.Kind) bool { return k.Positive() }, t.hits)
	fmt.Fprintln(w, "\n## Flagged, of the lines where nothing is to be found")
	t.forms(w, func(k labelled.Kind) bool { return k == labelled.None }, t.flags)
	fmt.Fprintln(w, "\n## Precision and recall")
	t.totals(w)
}

// forms prints a row for each form that has labels of the wanted kinds.
func (t *table) forms(w io.Writer, want func(labelled.Kind) bool, count func(of []int) []int) {
	t.head(w, "file", "form", "lines")
	for _, kind := range fileKinds {
		byForm := map[string][]int{}
		for i := range t.set.Labels {
			if l := &t.set.Labels[i]; want(l.Kind) && labelled.FileKind(l.Path) == kind {
				byForm[l.Form] = append(byForm[l.Form], i)
			}
		}
		forms := make([]string, 0, len(byForm))
		for form := range byForm {
			forms = append(forms, form)
		}
		slices.SortFunc(forms, byNumber)
		for _, form := range forms {
			cells := texts(count(byForm[form]))
			for i := range t.tools {
				if !t.tools[i].reads(kind) {
					cells[i] = unread
				}
			}
			row(w, append([]string{kind, form, strconv.Itoa(len(byForm[form]))}, cells...))
		}
	}
}

// byNumber sorts D2 before D10.
func byNumber(a, b string) int {
	na, _, _ := strings.Cut(a, "-")
	nb, _, _ := strings.Cut(b, "-")
	if len(na) != len(nb) && strings.HasPrefix(a, "D") && strings.HasPrefix(b, "D") {
		return len(na) - len(nb)
	}
	return strings.Compare(a, b)
}

func (t *table) hits(of []int) []int {
	counts := make([]int, len(t.tools))
	for i := range t.tools {
		for _, l := range of {
			if t.tools[i].score.Hit[l] {
				counts[i]++
			}
		}
	}
	return counts
}

// flags counts the labels that have a false finding, once each.
func (t *table) flags(of []int) []int {
	counts := make([]int, len(t.tools))
	for i := range t.tools {
		for _, n := range of {
			l := &t.set.Labels[n]
			if slices.ContainsFunc(t.tools[i].score.False, func(f labelled.Found) bool {
				return f.Path == l.Path && f.First <= l.Last && l.First <= f.Last
			}) {
				counts[i]++
			}
		}
	}
	return counts
}

func (t *table) totals(w io.Writer) {
	t.head(w, "file", "figure", "lines")
	for _, kind := range append(slices.Clone(fileKinds), "all") {
		accept := func(path string, _ labelled.Kind) bool { return kind == "all" || labelled.FileKind(path) == kind }
		precision, recall, wrong := []string{}, []string{}, []string{}
		positives := 0
		for i := range t.tools {
			c := t.tools[i].score.Counts(accept)
			positives = c.Right + c.Missed
			p, r, n := fmt.Sprintf("%.3f", c.Precision()), fmt.Sprintf("%.3f", c.Recall()), strconv.Itoa(c.False)
			if !t.tools[i].reads(kind) {
				p, r, n = unread, unread, unread
			}
			precision, recall, wrong = append(precision, p), append(recall, r), append(wrong, n)
		}
		row(w, append([]string{kind, "precision", ""}, precision...))
		row(w, append([]string{kind, "recall", strconv.Itoa(positives)}, recall...))
		row(w, append([]string{kind, "false findings", ""}, wrong...))
	}
}

// strict prints what rummage has when the kind of a finding counts too.
func strict(w io.Writer, sc *labelled.Score) {
	fmt.Fprintln(w, "\n## rummage, where a finding must also be of the right kind")
	row(w, []string{"file", "kind", "right", "missed", "false", "precision", "recall"})
	row(w, slices.Repeat([]string{"---"}, 7))
	print := func(file, kind string, accept func(string, labelled.Kind) bool) {
		c := sc.Counts(accept)
		row(w, append(append([]string{file, kind}, texts([]int{c.Right, c.Missed, c.False})...),
			fmt.Sprintf("%.3f", c.Precision()), fmt.Sprintf("%.3f", c.Recall())))
	}
	for _, file := range fileKinds {
		for _, kind := range []labelled.Kind{labelled.Secret, labelled.Exposure} {
			print(file, string(kind), func(path string, k labelled.Kind) bool {
				return k == kind && labelled.FileKind(path) == file
			})
		}
	}
	print("all", "both", func(string, labelled.Kind) bool { return true })
}

func (t *table) head(w io.Writer, columns ...string) {
	fmt.Fprintln(w)
	for _, tl := range t.tools {
		columns = append(columns, tl.name)
	}
	row(w, columns)
	row(w, slices.Repeat([]string{"---"}, len(columns)))
}

func row(w io.Writer, cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }

func texts(counts []int) []string {
	list := make([]string, len(counts))
	for i, n := range counts {
		list[i] = strconv.Itoa(n)
	}
	return list
}
