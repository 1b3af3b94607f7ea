// Package imageref finds the container images that files name: Dockerfiles (FROM, COPY --from, RUN --mount=from=),
// compose files, bake files, devcontainer.json, the workflows of GitHub, the pipelines of GitLab, Kubernetes manifests
// and the values of Helm charts.
// A reference is resolved as far as the file itself can resolve it (the defaults of ARGs and of ${NAME:-default}, the
// variables of a pipeline or a bake file), checked against the grammar of names of images and given in its canonical
// form. What the file does not say stays unresolved, with the reason. Names of build stages and scratch are no images.
//
// The package knows bytes of one file: no .env file beside a compose file, no registry, no build context. So a name
// that the builder is given as an additional context is taken for an image. Frontends (# syntax=) are not listed, nor
// is what shell commands pull.
//
// Concurrency: pure functions, to be called from any goroutine. References belong to whoever asked for them.
package imageref

import (
	"bytes"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/structure"
)

// Role is what a file names an image for.
type Role string

// The roles.
const (
	From      Role = "from"
	CopyFrom  Role = "copy-from"
	MountFrom Role = "mount-from"
	Service   Role = "service" // of a compose file
	// Built is the name that a compose or bake file gives to what it builds: the file itself pulls nothing under it.
	Built        Role = "built"
	CacheFrom    Role = "cache-from"
	BuildContext Role = "build-context" // docker-image:// of additional_contexts, and of a bake file's contexts
	Devcontainer Role = "devcontainer"
	GitHub       Role = "github"
	GitLab       Role = "gitlab"
	Kubernetes   Role = "kubernetes"
	Helm         Role = "helm"
)

// Ref is a reference to an image.
type Ref struct {
	Role Role
	// Text is the reference with what its variables stand for. Where it is unresolved, those of unknown value stand in
	// it as they are written. Credentials that stand where a reference can have none are left out.
	Text string
	// Canonical is the whole name with a tag or a digest: docker.io/library/alpine:3. It is empty when Unresolved says
	// why, in a few words that may quote the file.
	Canonical  string
	Unresolved string
	// Span is where the reference stands; of one in several fields, the repository.
	Span assignment.Span
}

// MaxLength bounds a reference, in bytes. The grammar allows some 520.
const MaxLength = 640

// Has says whether files of the kind name images. A file of kind YAML may turn out to be one of these.
func Has(kind structure.Kind) bool {
	switch kind {
	case structure.Dockerfile, structure.Compose, structure.GitHub, structure.GitLab, structure.Kubernetes, structure.Helm,
		structure.Bake, structure.Devcontainer:
		return true
	}
	return false
}

// Refs returns the references in a file of the kind, in the order in which it was read. problems is how many pieces of
// the file were not understood.
func Refs(kind structure.Kind, data []byte) (refs []Ref, problems int) {
	switch kind {
	case structure.Dockerfile:
		return readDockerfile(data)
	case structure.Compose:
		return readCompose(data)
	case structure.Bake:
		return readBake(data)
	case structure.Devcontainer:
		return readDevcontainer(data)
	case structure.GitHub:
		return readGitHub(data)
	case structure.GitLab:
		return readGitLab(data)
	case structure.Kubernetes:
		return readValues(data, false)
	case structure.Helm:
		return readValues(data, true)
	}
	return nil, 0
}

// settle makes a reference of its text. why is the reason why that is not all of it, empty if it is.
func settle(role Role, text, why string, s assignment.Span) Ref {
	r := Ref{Role: role, Text: text, Unresolved: why, Span: s}
	switch {
	case len(text) > MaxLength:
		r.Text, r.Unresolved = strings.ToValidUTF8(text[:64], "")+"...", "not a reference: too long"
	case why == "":
		r.Canonical, r.Unresolved = Canonical(text)
	}
	if r.Canonical == "" {
		r.Text = redact(r.Text)
	}
	return r
}

// Canonical is the canonical form of a reference: with its registry and, where it has neither tag nor digest, the tag
// latest. why says why there is none.
func Canonical(text string) (canonical, why string) {
	if isTemplate(text) {
		return "", "template"
	}
	return canonicalName(text)
}

// marks are what templates put around what is to be filled in.
var marks = []string{"{{", "{%", "<%", "[[", "@@", "%("}

// isTemplate reports whether a text that is no reference is to be filled in by another program.
func isTemplate(text string) bool {
	for _, m := range marks {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// redact takes credentials out of a text that is no reference: user:password@registry/name.
func redact(text string) string {
	for from := 0; ; {
		at := strings.IndexByte(text[from:], '@')
		if at < 0 {
			return text
		}
		at += from
		start := strings.LastIndexByte(text[:at], '/') + 1
		if digest := text[at+1:]; strings.HasPrefix(digest, "sha256:") || strings.HasPrefix(digest, "sha512:") || !strings.Contains(text[start:at], ":") {
			from = at + 1
			continue
		}
		text = text[:start] + "****" + text[at:]
		from = start + len("****@")
	}
}

// plainWord says whether a plain scalar of YAML means something else than text.
func plainWord(b []byte) bool {
	switch string(bytes.ToLower(b)) {
	case "", "~", "null", "true", "false", "yes", "no", "on", "off":
		return true
	}
	return false
}
