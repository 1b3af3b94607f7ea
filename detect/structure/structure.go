// Package structure chooses the reader for a structured file and hands its findings to the detector in one form:
// Dockerfiles, compose files, .env files, and their neighbours that carry the same values (workflows,
// manifests, the configuration of images).
//
// Of says by its name what a file is; Sniff says by its bytes what it may be, for those who have the bytes and not the
// name. Clues do the same for versions of a file, looking at what differs. Read gives a detect.Reading: assignments with their contexts, the practices that leak a secret whatever its
// value, and the ranges that comments of the file's own kind silence.
//
// The package knows bytes and names: no rule, no git, no other file. What depends on the files around is left open, as
// the condition of an assignment.
//
// Concurrency: pure functions, to be called from any goroutine. A Reading belongs to whoever asked for it and refers to
// the bytes it was read from. A Reader, which remembers what versions of a file have in common, belongs to one goroutine.
package structure

import (
	"strings"

	"rummage/detect/bake"
	"rummage/detect/compose"
	"rummage/detect/devcontainer"
	"rummage/detect/dockerfile"
	"rummage/detect/dotenv"
	"rummage/detect/imageconfig"
	"rummage/detect/script"
	"rummage/detect/yamlfile"
)

// Kind is a kind of structured file.
type Kind uint8

// The kinds. None is that of any other file.
const (
	None Kind = iota
	Dockerfile
	Compose
	Dotenv
	DotenvSample // .env.example: the same, to show what a real one looks like
	Envrc        // a .env file that is a shell script
	GitHub       // a workflow or an action
	GitLab       // a pipeline
	Helm         // the values of a chart
	Kubernetes   // a manifest
	Bake         // a bake file of buildx
	Devcontainer // devcontainer.json
	Shell        // a script of a shell
	Makefile
	Justfile
	Procfile
	Jenkinsfile
	ImageConfig // the configuration of an image, which is no file of it
	Provenance  // how an image was built
	// YAML is a YAML file of which the name says no more. What it is, if anything, its content says: see Sniff.
	YAML
	// Plain is a file whose name has no ending: its content may say that it is a script of a shell.
	Plain
)

// String is the name of the kind, as reports have it.
func (k Kind) String() string {
	return [...]string{"", "dockerfile", "compose", "dotenv", "dotenv-sample", "envrc", "github", "gitlab", "helm", "kubernetes", "bake", "devcontainer",
		"shell", "makefile", "justfile", "procfile", "jenkinsfile", "image-config", "provenance", "yaml", "plain"}[k]
}

// The names of what an image has that is no file. They end the paths of such blobs.
const (
	ConfigName     = "<config>"
	ProvenanceName = imageconfig.StatementName
)

// Of says what a file is by its name, folders included, with slashes.
func Of(name string) Kind {
	base := name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case strings.HasSuffix(name, ConfigName):
		return ImageConfig
	case strings.HasSuffix(name, ProvenanceName):
		return Provenance
	case dockerfile.IsDockerfile(base):
		return Dockerfile
	case compose.IsCompose(base):
		return Compose
	}
	if o, ok := dotenv.ForName(base); ok {
		switch {
		case o.Sample:
			return DotenvSample
		case o.Shell:
			return Envrc
		}
		return Dotenv
	}
	switch {
	case bake.IsBake(base):
		return Bake
	case devcontainer.IsDevcontainer(name):
		return Devcontainer
	case yamlfile.IsGitHub(name):
		return GitHub
	case yamlfile.IsGitLab(name):
		return GitLab
	case yamlfile.IsHelmValues(name):
		return Helm
	case yamlfile.IsYAML(base):
		return YAML
	}
	if k, ok := script.Recognize(base); ok {
		return scripts[k]
	}
	if base != "" && strings.IndexByte(base, '.') < 0 {
		return Plain
	}
	return None
}

// scripts are the kinds that package script reads.
var scripts = [...]Kind{script.Shell: Shell, script.Makefile: Makefile, script.Justfile: Justfile, script.Procfile: Procfile, script.Jenkinsfile: Jenkinsfile}

// Set is a set of kinds.
type Set uint32

// Has says whether the kind is in the set.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }

// Add is the set with the kind.
func (s Set) Add(k Kind) Set { return s | 1<<k }

// Meant is what a file of kind k is once its content was sniffed: a YAML file may be a compose file or a manifest, a
// file without an ending a script, or None of them.
func (k Kind) Meant(sniffed Set) Kind {
	switch {
	case k == Plain && sniffed.Has(Shell):
		return Shell
	case k == Plain:
		return None
	case k != YAML:
		return k
	case sniffed.Has(Compose):
		return Compose
	case sniffed.Has(Kubernetes):
		return Kubernetes
	}
	return None
}
