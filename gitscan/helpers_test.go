package gitscan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"rummage/scan"
)

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// copyRefs gives one repository the refs of another that shares its objects.
func copyRefs(t testing.TB, from, to string) {
	t.Helper()
	git(t, from, nil, "pack-refs", "--all")
	writeFile(t, filepath.Join(to, "packed-refs"), string(readFile(t, filepath.Join(from, "packed-refs"))))
}

func compareFindings(t testing.TB, got, want []scan.Finding) {
	t.Helper()
	a, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("findings differ:\n--- got\n%.4000s\n--- want\n%.4000s", a, b)
	}
}
