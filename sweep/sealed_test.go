package sweep

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"rummage/sweep/store"
)

// TestSealed: with recipients the database has secrets that their keys alone open; without, none.
func TestSealed(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, r: rand.New(rand.NewPCG(8, 1)), dir: t.TempDir()}
	f.add("")
	r0 := filepath.Join(f.dir, "r0")
	if err := os.WriteFile(filepath.Join(r0, "one"), []byte("mark-abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, r0, "add", "-A")
	git(t, r0, "commit", "-qm", "Add one")
	for _, recipients := range []string{"", fmt.Sprintf("recipients = [%q]\n", identity.Recipient())} {
		database := filepath.Join(t.TempDir(), "sweep.db")
		s := openForge(t, database, recipients+fmt.Sprintf("[[target]]\nfolder = %q\n", f.dir))
		sweepOnce(t, s)
		var sealed [][]byte
		if err := s.store.Findings(context.Background(), store.Filter{}, func(d *store.Finding) error {
			sealed = append(sealed, d.Sealed)
			return nil
		}); err != nil || len(sealed) != 1 {
			t.Fatal(len(sealed), err)
		}
		searchForValues(t, []string{"mark-abc"}, map[string][]byte{}, filepath.Dir(database))
		if recipients == "" {
			if sealed[0] != nil {
				t.Error("a secret is kept for nobody")
			}
			continue
		}
		opened, err := age.Decrypt(bytes.NewReader(sealed[0]), identity)
		if err != nil {
			t.Fatal(err)
		}
		if value, err := io.ReadAll(opened); err != nil || string(value) != "mark-abc" {
			t.Errorf("%q, %v", value, err)
		}
	}
}
