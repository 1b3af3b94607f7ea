package sweep

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rummage/gitscan"
	"rummage/scan"
)

// TestImagesAgain: the images of a repository that has not changed are looked into when their registry has others under their names,
// which is asked every so often, and not otherwise.
func TestImagesAgain(t *testing.T) {
	folder := t.TempDir()
	oneMark(t, folder, "r", "text\n")
	s := openForge(t, filepath.Join(t.TempDir(), "sweep.db"), fmt.Sprintf("images_every = \"1ns\"\n[[target]]\nfolder = %q\nimages = true\nregistries = [\"r.example.org\"]\n", folder))
	there := map[string]string{"r.example.org/a:1": "sha256:1"}
	looks, asked := 0, 0
	s.LookWith(func(context.Context, *gitscan.Repo, *scan.Result, []string) (map[string]string, []scan.Problem, error) {
		looks++
		return map[string]string{"r.example.org/a:1": there["r.example.org/a:1"]}, nil, nil
	})
	digests := func(_ context.Context, names, registries []string) map[string]string {
		if asked++; !slices.Equal(names, []string{"r.example.org/a:1"}) || !slices.Equal(registries, []string{"r.example.org"}) {
			t.Errorf("asked for %q at %q", names, registries)
		}
		return there
	}
	swept := func(step string, wantLooks, wantAsked int) {
		t.Helper()
		w, err := NewWorker(context.Background(), s, WorkerOptions{Search: s.Search, Digests: digests})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		looks, asked = 0, 0
		if sum, err := w.Run(context.Background(), false); err != nil || sum.Failed > 0 || sum.Searched != 1 || looks != wantLooks || asked != wantAsked {
			t.Errorf("%s: %+v %v, %d looks, asked %d times", step, sum, err, looks, asked)
		}
	}
	swept("first", 1, 0)
	swept("as before", 0, 1)
	there["r.example.org/a:1"] = "sha256:2"
	swept("changed", 1, 1)
	swept("as before", 0, 1)
	delete(there, "r.example.org/a:1")
	swept("no answer", 1, 1)
	swept("none was known", 1, 1)
	there["r.example.org/a:1"] = "sha256:2"
	swept("known again", 1, 1)
	s.config.Images = time.Hour
	swept("not yet", 0, 0)
}
