package gitscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/gitscan"
)

// stateText is the state of a scan of a small repository.
func stateText(t testing.TB, format string) []byte {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "--object-format="+format)
	stream := randomHistory(rand.New(rand.NewPCG(1, 1)), 10)
	if format == "sha256" {
		stream = bytes.ReplaceAll(stream, bytes.Repeat([]byte("0"), 40), bytes.Repeat([]byte("0"), 64))
	}
	git(t, dir, stream, "fast-import", "--quiet", "--force")
	_, state := scanKeeping(t, dir, gitscan.Options{KeepState: true}, markRules)
	var b bytes.Buffer
	if err := state.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStateDamaged(t *testing.T) {
	whole := stateText(t, "sha1")
	if _, err := gitscan.ReadState(bytes.NewReader(whole)); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(whole, &fields); err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string {
		if !strings.Contains(string(whole), old) {
			t.Fatalf("the state has no %s: %s", old, whole)
		}
		return strings.Replace(string(whole), old, new, 1)
	}
	commits := fields["commits"].(string)
	const damaged = "is no state of a scan, or a damaged one"
	for name, c := range map[string]struct{ text, want string }{
		"empty":          {"", damaged},
		"no JSON":        {"hello", damaged},
		"other JSON":     {`{"schema": "1"}`, damaged},
		"a list":         {`[1]`, damaged},
		"null":           {`null`, damaged},
		"a report":       {`{"schema": 1, "scan": {}, "findings": []}`, damaged},
		"schema 0":       {with(`"schema":1`, `"schema":0`), damaged},
		"schema 2":       {with(`"schema":1`, `"schema":2`), "has schema 2, of another version of rummage"},
		"cut":            {string(whole[:len(whole)/2]), damaged},
		"more behind":    {string(whole) + "{}", damaged},
		"spaces":         {with(`"schema":1,`, `"schema": 1,`), damaged},
		"unknown field":  {with(`"schema":1,`, `"schema":1,"x":2,`), damaged},
		"other rules":    {with(`"rules":"`, `"rules":"x`), damaged},
		"no commits":     {with(commits, ""), damaged},
		"id cut":         {with(commits, commits[:len(commits)-4]), damaged},
		"no base64":      {with(commits, "?"+commits[1:]), damaged},
		"unreachable":    {with(`"unreachable":true`, `"unreachable":false`), damaged},
		"another format": {with(`"objects":"sha1"`, `"objects":"sha256"`), damaged},
		"no check":       {with(`"check":"`+fields["check"].(string), `"check":"`), damaged},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := gitscan.ReadState(strings.NewReader(c.text)); err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	for i := range whole { // no bit may change what is known
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		if _, err := gitscan.ReadState(bytes.NewReader(bad)); err == nil {
			t.Errorf("byte %d changed from %q to %q: read all the same", i, whole[i], bad[i])
		}
	}
}

// TestStateForms: with the right sum, what is in the lists must still be lists of ids.
func TestStateForms(t *testing.T) {
	id := strings.Repeat("a", 20)
	other := strings.Repeat("b", 20)
	for name, c := range map[string]struct {
		field, list string
		ok          bool
	}{
		"two commits":      {"commits", id + other, true},
		"no order":         {"commits", other + id, false},
		"twice":            {"tags", id + id, false},
		"half an id":       {"loose", id + other[:10], false},
		"half an id apart": {"apart", id[:19], false},
		"a pack":           {"packs", strings.Repeat("c", 32), true},
		"half a pack":      {"packs", strings.Repeat("c", 31), false},
		"packs twice":      {"packs", strings.Repeat("c", 64), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gitscan.ReadState(bytes.NewReader(gitscan.MadeState("sha1", c.field, []byte(c.list))))
			if (err == nil) != c.ok {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := gitscan.ReadState(bytes.NewReader(gitscan.MadeState("md5", "tags", nil))); err == nil {
		t.Error("md5 is taken for a format of ids")
	}
}

func TestStateTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, gitscan.MaxState+1); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := gitscan.ReadState(f); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Error(err)
	}
}

func TestStateFits(t *testing.T) {
	state, err := gitscan.ReadState(bytes.NewReader(stateText(t, "sha1")))
	if err != nil {
		t.Fatal(err)
	}
	same := gitscan.StateTerms(state)
	if err := state.Fits(same); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*gitscan.Terms){
		"was made by another version of rummage": func(t *gitscan.Terms) { t.Engine += "x" },
		"was made with other rules":              func(t *gitscan.Terms) { t.Rules = "" },
		"was made with another --max-blob":       func(t *gitscan.Terms) { t.MaxBlob++ },
		"was made without --no-unreachable":      func(t *gitscan.Terms) { t.Unreachable = false },
	} {
		terms := same
		change(&terms)
		if err := state.Fits(terms); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestStateOfOtherFormat(t *testing.T) {
	state, err := gitscan.ReadState(bytes.NewReader(stateText(t, "sha256")))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	if _, err := gitscan.Open(dir, gitscan.Options{SinceScan: state}); !errors.Is(err, gitscan.ErrOtherRepository) {
		t.Error(err)
	}
}

// TestLandmarks: however few commits a state may list, and whichever of the newest go, little of an old history is new.
func TestLandmarks(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	git(t, dir, randomHistory(rand.New(rand.NewPCG(3, 3)), 200), "fast-import", "--quiet", "--force")
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	if err := repo.Skim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, reached := repo.Landmarks(1000); all != 200 || reached != 200 {
		t.Errorf("%d commits are listed and lead to %d, want all 200", all, reached)
	}
	some, reached := repo.Landmarks(20)
	if some >= 190 || reached != 200 {
		t.Errorf("%d commits are listed and lead to %d of 200", some, reached)
	}
}

func FuzzState(f *testing.F) {
	f.Add(stateText(f, "sha1"))
	f.Add(stateText(f, "sha256"))
	f.Add(gitscan.MadeState("sha1", "commits", []byte(strings.Repeat("a", 20))))
	f.Add(gitscan.MadeState("sha1", "commits", []byte(strings.Repeat("a", 40))))
	f.Add(gitscan.MadeState("sha256", "packs", []byte(strings.Repeat("a", 31))))
	f.Add([]byte(`{"schema":1}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, data []byte) {
		readAgain(t, data)
		for _, field := range []string{"packs", "commits", "tags", "loose", "apart"} { // past the sum, which nobody guesses
			readAgain(t, gitscan.MadeState("sha1", field, data))
			readAgain(t, gitscan.MadeState("sha256", field, data))
		}
	})
}

// readAgain: a state that can be read is written as it was.
func readAgain(t *testing.T, data []byte) {
	t.Helper()
	state, err := gitscan.ReadState(bytes.NewReader(data))
	if err != nil {
		if strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("error %q", err)
		}
		return
	}
	var b bytes.Buffer
	if err := state.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), data) {
		t.Errorf("written again the state is another:\n%s\n%s", b.Bytes(), data)
	}
}
