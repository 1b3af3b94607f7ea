package yamlfile

import (
	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// The contexts of assignments. Unless something else is said, the name is a key and the value what stands behind it.
const (
	// KubernetesSecret is data, decoded, and stringData of a Secret. Of a pull secret the passwords are there too,
	// under the name of the whole.
	KubernetesSecret assignment.Context = "kubernetes.secret"
	// KubernetesSealed is what is encrypted: the data of sealed secrets.
	KubernetesSealed assignment.Context = "kubernetes.sealed"
	KubernetesConfig assignment.Context = "kubernetes.config" // the data of a ConfigMap
	KubernetesEnv    assignment.Context = "kubernetes.env"
	// KubernetesCommand is a command or an argument of it, and beside that each flag with its value.
	KubernetesCommand    assignment.Context = "kubernetes.command"
	KubernetesImage      assignment.Context = "kubernetes.image"
	KubernetesAnnotation assignment.Context = "kubernetes.annotation" // and labels
	KubernetesValue      assignment.Context = "kubernetes.value"      // any other scalar

	GitHubEnv assignment.Context = "github.env"
	// GitHubBuildArg is a line of the input build-args, GitHubBuildSecret one of secrets.
	GitHubBuildArg    assignment.Context = "github.build-arg"
	GitHubBuildSecret assignment.Context = "github.build-secret"
	GitHubWith        assignment.Context = "github.with" // any other input of an action
	// GitHubRun is a script, and beside that each flag with its value and each variable that is set in it.
	GitHubRun   assignment.Context = "github.run"
	GitHubImage assignment.Context = "github.image"
	GitHubValue assignment.Context = "github.value"

	GitLabVariables assignment.Context = "gitlab.variables"
	GitLabScript    assignment.Context = "gitlab.script" // as GitHubRun
	GitLabImage     assignment.Context = "gitlab.image"
	GitLabValue     assignment.Context = "gitlab.value"

	HelmValues assignment.Context = "helm.values"
	HelmImage  assignment.Context = "helm.image"

	YAML      assignment.Context = "yaml"
	YAMLImage assignment.Context = "yaml.image"

	// Default is a literal within a reference, under the name of the variable: x of ${NAME:-x}, and of
	// ${{ secrets.NAME || 'x' }}.
	Default assignment.Context = "yaml.default"
)

// Entry is an assignment and what else the file says of it. Its owner is a job, a secret, a container.
type Entry = carrier.Entry

// File is a YAML file as it was read.
type File struct {
	Kind        Kind
	Assignments []Entry
	// Problems are what was not understood. Documents that are no YAML are among them.
	Problems []yamltree.Problem
}

// Parse reads a file of the kind. It always returns one.
func (k Kind) Parse(data []byte) *File { return k.parse(data, nil) }

// Reader reads one version of a file after another, as Kind.Parse does, and reads again only those commands that it has
// not seen before. The zero value is ready for use. A Reader belongs to one goroutine.
type Reader struct {
	// Keep says which assignments matter to the caller; nil: all. It is asked once for each that is remembered, and for
	// those of commands alone.
	Keep func(c assignment.Context, name []byte) bool

	known carrier.Memory
}

// Read reads a file of the kind. The list of the File is valid until the next call.
func (r *Reader) Read(k Kind, data []byte) *File {
	r.known.Keep = r.Keep
	return k.parse(data, &r.known)
}

func (k Kind) parse(data []byte, known *carrier.Memory) *File {
	tree := yamltree.Parse(data)
	r := reader{Walker: carrier.New(data, tree.Problems)}
	r.Default, r.Memory = Default, known
	for _, d := range tree.Documents {
		r.document(k, d)
	}
	tree.Release()
	return &File{Kind: k, Problems: r.Problems, Assignments: r.Done()}
}

// reader reads one file.
type reader struct {
	carrier.Walker
	c contexts // of the document
}

// contexts are those of a kind of document.
type contexts struct {
	value, env, command, image assignment.Context
}

var kinds = [...]struct {
	contexts
	dialect interpolate.Dialect
}{
	Other:      {contexts{YAML, YAML, YAML, YAMLImage}, interpolate.Compose | interpolate.Expression | interpolate.Command},
	Kubernetes: {contexts{KubernetesValue, KubernetesEnv, KubernetesCommand, KubernetesImage}, interpolate.Kubernetes},
	GitHub:     {contexts{GitHubValue, GitHubEnv, GitHubRun, GitHubImage}, interpolate.GitHub},
	GitLab:     {contexts{GitLabValue, GitLabVariables, GitLabScript, GitLabImage}, interpolate.GitLab},
	Helm:       {contexts{HelmValues, HelmValues, HelmValues, HelmImage}, interpolate.Compose | interpolate.Command},
}
