package structure

import (
	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/bake"
	"rummage/detect/carrier"
	"rummage/detect/devcontainer"
	"rummage/detect/dotenv"
	"rummage/detect/interpolate"
	"rummage/detect/yamlfile"
)

// Read reads a file of the kind. problems is how many pieces of it were not understood; they are searched as text all
// the same.
func (k Kind) Read(data []byte) (r detect.Reading, problems int) {
	switch k {
	case Dockerfile:
		return readDockerfile(data)
	case Compose:
		return readCompose(data)
	case Dotenv, DotenvSample, Envrc:
		f := dotenv.Options{Sample: k == DotenvSample, Shell: k == Envrc}.Parse(data)
		return readDotenv(f), len(f.Problems)
	case GitHub, GitLab, Helm, Kubernetes:
		kinds := map[Kind]yamlfile.Kind{GitHub: yamlfile.GitHub, GitLab: yamlfile.GitLab, Helm: yamlfile.Helm, Kubernetes: yamlfile.Kubernetes}
		f := kinds[k].Parse(data)
		list := append(entries(nil, f.Assignments), provenanceArgs(data, f.Assignments)...)
		return detect.Reading{Assignments: list}, len(f.Problems)
	case Bake:
		f := bake.Parse(data)
		list := append(entries(nil, f.Assignments), provenanceArgs(data, f.Assignments)...)
		for _, in := range f.Inlines {
			list = append(list, inline(in.Text)...)
		}
		return detect.Reading{Assignments: list}, len(f.Problems)
	case Devcontainer:
		f := devcontainer.Parse(data)
		return detect.Reading{Assignments: entries(nil, f.Assignments)}, len(f.Problems)
	}
	return detect.Reading{}, 0
}

// entries appends what a reader of YAML found. A name whose value comes from elsewhere is kept, empty: that it is given
// at all may be what matters.
func entries(list []assignment.Assignment, found []carrier.Entry) []assignment.Assignment {
	for i := range found {
		a := found[i].Assignment
		a.Refers = found[i].Form == interpolate.Reference
		list = append(list, a)
	}
	return list
}

func readDotenv(f *dotenv.File) detect.Reading {
	list := make([]assignment.Assignment, 0, len(f.Assignments))
	for i := range f.Assignments {
		a := f.Assignments[i].Assignment
		a.Refers = f.Assignments[i].Form == interpolate.Reference
		list = append(list, a)
	}
	return detect.Reading{Assignments: list}
}
