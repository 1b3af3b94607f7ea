package report

import (
	"testing"

	"rummage/scan"
)

func TestStructuredText(t *testing.T) {
	for _, c := range []struct {
		counts        map[string]int64
		notUnderstood int64
		want          string
	}{
		{nil, 0, ""},
		{map[string]int64{"compose": 0}, 0, ""},
		{map[string]int64{"dockerfile": 1}, 0, "Read 1 Dockerfile."},
		{map[string]int64{"dockerfile": 1}, 1, "Read 1 Dockerfile; 1 piece was not understood and searched as text only."},
		{map[string]int64{"dockerfile": 12, "compose": 3, "dotenv": 4, "envrc": 1}, 2,
			"Read 12 Dockerfiles, 3 compose files and 5 .env files; 2 pieces were not understood and searched as text only."},
		{map[string]int64{"github": 1, "gitlab": 1, "helm": 1, "kubernetes": 1, "bake": 1, "devcontainer": 2}, 0,
			"Read 2 CI files, 2 Kubernetes files, 1 bake file and 2 devcontainer.json."},
		{map[string]int64{"dotenv-sample": 1, "later-kind": 1}, 0, "Read 1 .env file and 1 later-kind."},
	} {
		if got := structuredText(&scan.Stats{Structured: c.counts, NotUnderstood: c.notUnderstood}); got != c.want {
			t.Errorf("%v: %q, want %q", c.counts, got, c.want)
		}
	}
}
