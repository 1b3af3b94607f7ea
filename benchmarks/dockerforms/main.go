// Command dockerforms compares rummage with other scanners on the labelled files of testdata/labelled, form by form.
// docker-forms.sh beside it runs it, and them.
//
//	dockerforms -expand DIR                           write the files there
//	dockerforms -rummage R.json -gitleaks G.json      print the table, as Markdown
//
// It knows the reports of rummage and gitleaks, and two checks that peers.go makes anew. It is a tool for developers:
// it trusts the corpus and the reports.
//
// Concurrency: none.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"rummage/benchmarks/labelled"
)

func main() {
	corpus := flag.String("corpus", "testdata/labelled", "the labelled files")
	expand := flag.String("expand", "", "write the filled files to this directory")
	rummage := flag.String("rummage", "", "rummage's report, json with --show-secrets")
	gitleaks := flag.String("gitleaks", "", "gitleaks' report, json")
	differences := flag.Bool("differences", false, "print what rummage missed and found wrongly instead of the table")
	flag.Parse()
	if err := compare(os.Stdout, *corpus, *expand, *rummage, *gitleaks, *differences); err != nil {
		fmt.Fprintln(os.Stderr, "dockerforms:", err)
		os.Exit(1)
	}
}

func compare(w io.Writer, corpus, expand, rummage, gitleaks string, differences bool) error {
	set, err := labelled.Read(corpus)
	if err != nil {
		return err
	}
	if expand != "" {
		return set.Write(expand)
	}
	ours, err1 := readRummage(rummage)
	theirs, err2 := readGitleaks(gitleaks)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if differences {
		_, err := fmt.Fprintln(w, strings.Join(set.Score(ours).Differences(), "\n"))
		return err
	}
	var names []string
	for name := range set.Files {
		if labelled.FileKind(name) == "Dockerfile" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var trivys, buildkits []labelled.Found
	for _, name := range names {
		data := []byte(set.Files[name])
		trivys = append(trivys, trivy(name, data)...)
		buildkits = append(buildkits, buildkit(name, data)...)
	}
	kindless := slices.Clone(ours)
	for i := range kindless {
		kindless[i].Kind = ""
	}
	t := newTable(set, []tool{
		{"rummage", set.Score(kindless), false},
		{"gitleaks", set.Score(theirs), false},
		{"trivy DS-0031, as described", set.Score(trivys), true},
		{"BuildKit's name check, as described", set.Score(buildkits), true},
	})
	t.print(w)
	strict(w, set.Score(ours))
	return nil
}

func readRummage(name string) (found []labelled.Found, err error) {
	var report struct {
		Findings []struct {
			Rule, Secret string
			Kind         labelled.Kind
			Places       []struct {
				Path string
				Line int
			}
		}
	}
	if err := readJSON(name, &report); err != nil {
		return nil, err
	}
	for _, f := range report.Findings {
		for _, p := range f.Places {
			found = append(found, labelled.Found{
				Path: p.Path, First: p.Line, Last: p.Line, Kind: f.Kind, Rule: f.Rule, Value: f.Secret,
			})
		}
	}
	return found, nil
}

func readGitleaks(name string) (found []labelled.Found, err error) {
	var report []struct {
		RuleID, File       string
		StartLine, EndLine int
	}
	if err := readJSON(name, &report); err != nil {
		return nil, err
	}
	for _, f := range report {
		found = append(found, labelled.Found{Path: f.File, First: f.StartLine, Last: f.EndLine, Rule: f.RuleID})
	}
	return found, nil
}

func readJSON(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
