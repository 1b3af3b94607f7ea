package compose

import (
	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// The contexts of assignments. Unless something else is said, the name is a key and the value what stands behind it.
const (
	Environment assignment.Context = "compose.environment"
	BuildArg    assignment.Context = "compose.build-arg"
	// BuildContext is a folder or URL that is built from: context and additional_contexts.
	BuildContext assignment.Context = "compose.build-context"
	CacheFrom    assignment.Context = "compose.cache-from"
	CacheTo      assignment.Context = "compose.cache-to"
	Provenance   assignment.Context = "compose.provenance" // and sbom, attest
	SSH          assignment.Context = "compose.ssh"
	// Image is the image that a service runs, Tag the name that one gets which is built.
	Image assignment.Context = "compose.image"
	Tag   assignment.Context = "compose.tag"
	// EnvFile is a file of variables, LabelFile one of labels.
	EnvFile   assignment.Context = "compose.env-file"
	LabelFile assignment.Context = "compose.label-file"
	Include   assignment.Context = "compose.include"
	Extends   assignment.Context = "compose.extends"
	// Secret is what is said of a secret (the names are file, environment, external …), and SecretUse the name under
	// which a service or a build uses one. Config and ConfigUse are the same for configs, their content included.
	Secret    assignment.Context = "compose.secret"
	SecretUse assignment.Context = "compose.secret-use"
	Config    assignment.Context = "compose.config"
	ConfigUse assignment.Context = "compose.config-use"
	// Command is a command or one argument of it under the name of its key (command, entrypoint), and beside that
	// each flag with its value and each variable set in it: --requirepass hunter2, PGPASSWORD=hunter2.
	Command        assignment.Context = "compose.command"
	Healthcheck    assignment.Context = "compose.healthcheck" // the same of a health check
	Label          assignment.Context = "compose.label"       // and annotations
	Logging        assignment.Context = "compose.logging"
	DriverOpts     assignment.Context = "compose.driver-opts" // and each name=value within one
	CredentialSpec assignment.Context = "compose.credential-spec"
	Provider       assignment.Context = "compose.provider"
	Volume         assignment.Context = "compose.volume"
	// Extension is whatever stands in an x- field and is used nowhere else.
	Extension assignment.Context = "compose.x"
	// Value is any other scalar.
	Value assignment.Context = "compose.value"
	// Default is a literal within a reference, under the name of the variable: x of ${NAME:-x}. Where it is the whole
	// of what a key stands for it is there under that name too.
	Default assignment.Context = "compose.default"
	// Commented is NAME=value or name: value in a comment.
	Commented assignment.Context = "compose.comment"
)

// Entry is an assignment and what else the file says of it. Its owner is a service, secret, config, volume or network.
type Entry = carrier.Entry

// File is a compose file as it was read.
type File struct {
	Assignments []Entry
	References  []Reference
	Inlines     []Inline
	// Problems are what was not understood. Documents that are no YAML are among them.
	Problems []yamltree.Problem
}

// Reference is a file that a compose file names.
type Reference struct {
	Context assignment.Context // EnvFile, LabelFile, Secret, Config, Include, Extends, BuildContext, CredentialSpec
	Path    placed.Text        // relative to the compose file; may hold references
	Form    interpolate.Form
	Owner   assignment.Span
	// Optional says `required: false`, Raw `format: raw`.
	Optional, Raw bool
}

// Inline is a Dockerfile written into a compose file.
type Inline struct {
	// Text is the Dockerfile, with doubled dollar signs made single. Text.Span leads back to the compose file.
	Text  placed.Text
	Owner assignment.Span
}

// Parse reads a compose file. It always returns one.
func Parse(data []byte) *File { return parse(data, nil) }

// parse is Parse, with what is known of other versions of the file, if anything.
func parse(data []byte, known *carrier.Memory) *File {
	tree := yamltree.Parse(data)
	r := newReader(data, tree)
	r.Memory = known
	for _, d := range tree.Documents {
		r.document(d)
	}
	r.comments(0, len(data))
	tree.Release()
	r.f.Problems, r.f.Assignments = r.Problems, r.Done()
	return r.f
}

// reader reads one file, or a part of one.
type reader struct {
	carrier.Walker
	f *File
	// part says that services stand elsewhere in the file.
	part bool
	// last is where the entries of extension fields begin.
	last int
}

func newReader(data []byte, tree *yamltree.Tree) *reader {
	r := &reader{Walker: carrier.New(data, tree.Problems), f: &File{}}
	r.Dialect, r.Default = interpolate.Compose, Default
	return r
}
