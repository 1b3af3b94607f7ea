package imageconfig

import (
	"bytes"
	"encoding/base64"

	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
	"rummage/detect/jsontext"
	"rummage/detect/placed"
)

// The parts of a provenance have other places in SLSA v0.2 (invocation.parameters, buildConfig) than in v1
// (buildDefinition.externalParameters.request, …internalParameters.buildConfig), and in the request of a request. So they
// are told by their own keys, wherever these stand: "args", "meta", "infos".

// Provenance reads an in-toto statement of provenance: the arguments and labels of the build, the variables and commands
// of its steps. problems is 1 where it is no JSON from some place on.
func Provenance(data []byte) (list []assignment.Assignment, problems int) {
	r := &reader{json: jsontext.New(data)}
	r.anything()
	return r.loose.List(), r.problems()
}

// anything reads the value that comes next.
func (r *reader) anything() {
	switch r.json.Next() {
	case '{':
		r.json.Object(r.member)
	case '[':
		r.json.Array(r.anything)
	}
}

// member reads a member of any object.
func (r *reader) member(key placed.Text) {
	switch {
	case is(key, "args"):
		r.requested()
	case is(key, "meta"):
		r.step()
	default:
		r.anything()
	}
}

// requested reads the parameters of a request: {"build-arg:NAME": "value", "label:NAME": "value"}.
func (r *reader) requested() {
	r.json.Object(func(key placed.Text) {
		value, _, ok := r.json.String()
		if !ok {
			r.anything()
			return
		}
		for _, prefix := range []string{"build-arg:", "label:"} {
			if bytes.HasPrefix(key.Bytes, []byte(prefix)) {
				r.loose.Add(Provenanced, key.Slice(len(prefix), key.Len()), value, true)
			}
		}
	})
}

// step reads what a step of the build runs: its variables and the words of its command.
func (r *reader) step() {
	var words []dockerfile.Word
	r.json.Object(func(key placed.Text) {
		switch {
		case is(key, "env"):
			r.json.Array(func() { r.pair(Provenanced) })
		case is(key, "args"):
			if r.json.Next() == '{' {
				r.requested()
			} else {
				words = r.words(nil)
			}
		default:
			r.anything()
		}
	})
	if len(words) > 0 {
		r.loose.Exec(Provenanced, words)
	}
}

// File is a file that stands within another.
type File struct {
	Name string // as the build names it; no path to open
	Data []byte
}

// StatementName is the name of what Embedded unwraps from an envelope: a statement, to be read by Provenance.
const StatementName = "<provenance>"

// Embedded gives the files that a provenance holds in base64: the Dockerfile of the build and its ignore file
// (source.infos[].data), and the statement within a signed envelope. What is no base64 is left out.
func Embedded(data []byte) []File {
	e := &embedded{json: jsontext.New(data)}
	e.anything()
	return e.files
}

// maxEmbedded bounds the files of one document.
const maxEmbedded = 1000

type embedded struct {
	json  *jsontext.Reader
	files []File
}

func (e *embedded) anything() {
	switch e.json.Next() {
	case '{':
		var sealed, kind placed.Text // of an envelope
		e.json.Object(func(key placed.Text) {
			switch {
			case is(key, "infos"):
				e.json.Array(e.info)
			case is(key, "payload"):
				sealed, _, _ = e.json.String()
			case is(key, "payloadType"):
				kind, _, _ = e.json.String()
			default:
				e.anything()
			}
		})
		if bytes.Contains(kind.Bytes, []byte("in-toto")) {
			e.add(StatementName, sealed)
		}
	case '[':
		e.json.Array(e.anything)
	}
}

// info reads one of the files that the build was made of.
func (e *embedded) info() {
	var name, data placed.Text
	e.json.Object(func(key placed.Text) {
		switch {
		case is(key, "filename"):
			name, _, _ = e.json.String()
		case is(key, "data"):
			data, _, _ = e.json.String()
		}
	})
	e.add(string(name.Bytes), data)
}

func (e *embedded) add(name string, encoded placed.Text) {
	if encoded.Len() == 0 || len(e.files) >= maxEmbedded {
		return
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(encoded.Len()))
	if n, err := base64.StdEncoding.Decode(data, encoded.Bytes); err == nil {
		e.files = append(e.files, File{name, data[:n]})
	}
}
