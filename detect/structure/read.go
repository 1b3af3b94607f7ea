package structure

import (
	"slices"

	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/bake"
	"rummage/detect/carrier"
	"rummage/detect/compose"
	"rummage/detect/devcontainer"
	"rummage/detect/dockerfile"
	"rummage/detect/dotenv"
	"rummage/detect/imageconfig"
	"rummage/detect/interpolate"
	"rummage/detect/script"
	"rummage/detect/yamlfile"
)

// Read reads a file of the kind. problems is how many pieces of it were not understood; they are searched as text all
// the same.
func (k Kind) Read(data []byte) (r detect.Reading, problems int) {
	switch k {
	case Dockerfile:
		return dockerReading(new(dockerfile.Reader).Read(data))
	case Compose:
		f := compose.Parse(data)
		return detect.Reading{Assignments: composeAssignments(nil, data, f)}, len(f.Problems)
	case Dotenv, DotenvSample, Envrc:
		f := dotenv.Options{Sample: k == DotenvSample, Shell: k == Envrc}.Parse(data)
		return detect.Reading{Assignments: dotenvAssignments(nil, f)}, len(f.Problems)
	case GitHub, GitLab, Helm, Kubernetes:
		return yamlReading(nil, data, yamlKinds[k].Parse(data))
	case Bake:
		f := bake.Parse(data)
		list := append(entries(nil, f.Assignments), provenanceArgs(data, f.Assignments)...)
		for _, in := range f.Inlines {
			list = append(list, dockerfile.Inline(in.Text)...)
		}
		return detect.Reading{Assignments: list}, len(f.Problems)
	case Devcontainer:
		f := devcontainer.Parse(data)
		return detect.Reading{Assignments: entries(nil, f.Assignments)}, len(f.Problems)
	case Shell, Makefile, Justfile, Procfile, Jenkinsfile:
		return detect.Reading{Assignments: scriptAssignments(nil, script.Kind(slices.Index(scripts[:], k)).Parse(data))}, 0
	case ImageConfig:
		list, problems := imageconfig.Config(data)
		return detect.Reading{Assignments: list}, problems
	case Provenance:
		list, problems := imageconfig.Provenance(data)
		return detect.Reading{Assignments: list}, problems
	}
	return detect.Reading{}, 0
}

func scriptAssignments(list []assignment.Assignment, found []script.Entry) []assignment.Assignment {
	list = slices.Grow(list, len(found))
	for i := range found {
		list = append(list, found[i].Assignment)
	}
	return list
}

// yamlKinds are the kinds that package yamlfile reads.
var yamlKinds = [...]yamlfile.Kind{GitHub: yamlfile.GitHub, GitLab: yamlfile.GitLab, Helm: yamlfile.Helm, Kubernetes: yamlfile.Kubernetes}

func yamlReading(list []assignment.Assignment, data []byte, f *yamlfile.File) (detect.Reading, int) {
	list = append(entries(list, f.Assignments), provenanceArgs(data, f.Assignments)...)
	return detect.Reading{Assignments: list}, len(f.Problems)
}

// entries appends what a reader of YAML found. A name whose value comes from elsewhere is kept, empty: that it is given
// at all may be what matters.
func entries(list []assignment.Assignment, found []carrier.Entry) []assignment.Assignment {
	list = slices.Grow(list, len(found))
	for i := range found {
		a := found[i].Assignment
		a.Refers = found[i].Form == interpolate.Reference
		list = append(list, a)
	}
	return list
}

func dotenvAssignments(list []assignment.Assignment, f *dotenv.File) []assignment.Assignment {
	list = slices.Grow(list, len(f.Assignments))
	for i := range f.Assignments {
		a := f.Assignments[i].Assignment
		a.Refers = f.Assignments[i].Form == interpolate.Reference
		list = append(list, a)
	}
	return list
}

// Reader reads files of all kinds, as Kind.Read does, and remembers what the versions of a file have in common. The
// zero value is ready for use. A Reader belongs to one goroutine.
type Reader struct {
	// Keep says which assignments matter to the caller, such as detect.(*Detector).Relevant does; nil: all. Some that do
	// not matter may be given all the same.
	Keep func(c assignment.Context, name []byte) bool

	docker  dockerfile.Reader
	compose compose.Reader
	dotenv  dotenv.Reader
	yaml    yamlfile.Reader
	script  script.Reader
	// Memory that is used again.
	all []Read
	// lists are for the assignments of each kind.
	lists [YAML][]assignment.Assignment
}

// Read is a file as it was read.
type Read struct {
	Kind    Kind
	Reading detect.Reading
	// Problems is how many pieces of the file were not understood.
	Problems int
}

// maxKept bounds the lists that a Reader keeps to use them again, in assignments: some 1.5 MB.
const maxKept = 1 << 14

// Each reads a file as each kind of a set, in the order of the kinds. The list and the readings are valid until the next
// call.
func (r *Reader) Each(set Set, data []byte) []Read {
	r.all = r.all[:0]
	for k := Kind(1); k < YAML; k++ {
		if !set.Has(k) {
			continue
		}
		reading, problems := r.read(k, data)
		r.all = append(r.all, Read{k, reading, problems})
	}
	return r.all
}

func (r *Reader) read(k Kind, data []byte) (detect.Reading, int) {
	switch k {
	case Dockerfile:
		r.docker.Keep = r.Keep
		return dockerReading(r.docker.Read(data))
	case Compose:
		r.compose.Keep = r.Keep
		f := r.compose.Read(data)
		r.lists[k] = composeAssignments(again(r.lists[k]), data, f)
		return detect.Reading{Assignments: r.lists[k]}, len(f.Problems)
	case Dotenv:
		f := r.dotenv.Read(data)
		r.lists[k] = dotenvAssignments(again(r.lists[k]), f)
		return detect.Reading{Assignments: r.lists[k]}, len(f.Problems)
	case DotenvSample:
		if n := len(r.all); n > 0 && r.all[n-1].Kind == Dotenv {
			// The same assignments, in another context.
			list := append(again(r.lists[k]), r.all[n-1].Reading.Assignments...)
			for i := range list {
				list[i].Context = dotenv.Sampled
			}
			r.lists[k] = list
			return detect.Reading{Assignments: list}, r.all[n-1].Problems
		}
	case GitHub, GitLab, Helm, Kubernetes:
		r.yaml.Keep = r.Keep
		reading, problems := yamlReading(again(r.lists[k]), data, r.yaml.Read(yamlKinds[k], data))
		r.lists[k] = reading.Assignments
		return reading, problems
	case Shell, Makefile, Justfile, Procfile, Jenkinsfile:
		r.lists[k] = scriptAssignments(again(r.lists[k]), r.script.Read(script.Kind(slices.Index(scripts[:], k)), data))
		return detect.Reading{Assignments: r.lists[k]}, 0
	}
	return k.Read(data)
}

// again is an empty list with the memory of one that is not needed any more.
func again(list []assignment.Assignment) []assignment.Assignment {
	if cap(list) > maxKept {
		return nil
	}
	clear(list) // what it refers to must not be kept alive
	return list[:0]
}
