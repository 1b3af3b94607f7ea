package structure

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/bake"
	"rummage/detect/carrier"
	"rummage/detect/compose"
	"rummage/detect/yamlfile"
)

// ProvenanceArg is a build argument of a build whose provenance is recorded in full (mode=max): the value stands there,
// for whoever can read the image, even where the argument belongs to a builder stage. The name is that of the
// argument; what is told is where provenance is asked for.
const ProvenanceArg assignment.Context = "build.provenance-arg"

// provenanceArgs pairs the build arguments of each owner with its demand for full provenance.
func provenanceArgs(data []byte, found []carrier.Entry) (list []assignment.Assignment) {
	var full []*carrier.Entry
	for i := range found {
		if e := &found[i]; asksForMax(data, e) {
			full = append(full, e)
		}
	}
	for _, p := range full {
		for i := range found {
			switch a := found[i].Assignment; a.Context {
			case compose.BuildArg, yamlfile.GitHubBuildArg, bake.Arg:
				if found[i].Owner != p.Owner {
					continue
				}
				a.Context = ProvenanceArg
				a.Remark = &assignment.Remark{Told: p.Value}
				list = append(list, a)
			}
		}
		if len(list) > maxProvenance {
			break
		}
	}
	return list
}

// maxProvenance bounds the pairs of one file: demands times arguments.
const maxProvenance = 10_000

// asksForMax says whether an entry asks for provenance with mode=max, in the spelling of its kind of file.
func asksForMax(data []byte, e *carrier.Entry) bool {
	name := e.Name.Of(data)
	switch e.Context {
	case compose.Provenance:
	case yamlfile.GitHubWith:
		if !bytes.Equal(name, []byte("provenance")) && !bytes.Equal(name, []byte("attests")) {
			return false
		}
	case bake.Attest:
		value := e.Value.Of(data)
		return bytes.Contains(value, []byte("provenance")) && bytes.Contains(value, []byte("mode=max"))
	default:
		return false
	}
	return bytes.Contains(e.Value.Of(data), []byte("mode=max"))
}
