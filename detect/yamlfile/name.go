package yamlfile

import (
	"bytes"
	"strings"

	"rummage/detect/literal"
)

// Kind is what a YAML file is for.
type Kind uint8

// The kinds.
const (
	Other Kind = iota
	Kubernetes
	GitHub // a workflow or an action
	GitLab // a pipeline
	Helm   // the values of a chart
)

func (k Kind) String() string {
	return [...]string{"yaml", "kubernetes", "github", "gitlab", "helm"}[k]
}

// IsYAML says whether a file of this name is YAML.
func IsYAML(name string) bool {
	return hasSuffixFold(name, ".yml") || hasSuffixFold(name, ".yaml")
}

func hasSuffixFold(name, suffix string) bool {
	return len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix)
}

// IsGitHub says whether a file of this name, folders included, is a workflow or an action. Gitea's and Forgejo's are
// the same.
func IsGitHub(name string) bool {
	if !IsYAML(name) {
		return false
	}
	dir, base := cut(name)
	for _, forge := range []string{".github/workflows", ".gitea/workflows", ".forgejo/workflows"} {
		if dir == forge || strings.HasSuffix(dir, "/"+forge) {
			return true
		}
	}
	return base == "action.yml" || base == "action.yaml"
}

// IsGitLab says whether a file of this name, folders included, is a pipeline or a part of one.
func IsGitLab(name string) bool {
	dir, base := cut(name)
	if base == ".gitlab-ci.yml" || base == ".gitlab-ci.yaml" || strings.HasSuffix(base, ".gitlab-ci.yml") || strings.HasPrefix(base, ".gitlab-ci") && IsYAML(base) {
		return true
	}
	for _, part := range strings.Split(dir, "/") {
		if part == ".gitlab-ci" {
			return IsYAML(base)
		}
	}
	return IsYAML(base) && (strings.HasPrefix(dir, ".gitlab/ci") || strings.Contains(dir, "/.gitlab/ci"))
}

// IsHelmValues says whether a file of this name holds the values of a chart: values.yaml, values-prod.yaml,
// prod.values.yaml.
func IsHelmValues(name string) bool {
	_, base := cut(name)
	stem := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(base), ".yaml"), ".yml")
	if len(stem) == len(base) {
		return false
	}
	for _, word := range strings.FieldsFunc(stem, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		if word == "values" {
			return true
		}
	}
	return false
}

func cut(name string) (dir, base string) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// LooksLikeKubernetes says whether the bytes hold a manifest: apiVersion and kind at the left.
func LooksLikeKubernetes(data []byte) bool {
	return startsLine(data, "apiVersion:", len("api")) && startsLine(data, "kind:", 0)
}

// LooksLikeGitHub says whether the bytes hold a workflow: on and jobs at the left.
func LooksLikeGitHub(data []byte) bool {
	return startsLine(data, "jobs:", 0) && (startsLine(data, "on:", 0) || startsLine(data, `"on":`, 0) || startsLine(data, "'on':", 0))
}

// startsLine reports whether a line of the data begins with the word, of which the byte at the offset rare is the one
// that text has least.
func startsLine(data []byte, word string, rare int) bool {
	for p := 0; ; p += len(word) {
		i := literal.Index(data[p:], word, rare)
		if i < 0 {
			return false
		}
		if p += i; p == 0 || data[p-1] == '\n' || p == 3 && bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
			return true
		}
	}
}
