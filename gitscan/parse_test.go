package gitscan

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

const (
	idA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

var formats = []pack.Format{pack.SHA1, pack.SHA256}

var commitTable = []struct {
	name, data       string
	parents          int
	author, email    string
	date             string // author's
	subject, message string
	bad              bool
}{
	{name: "plain", data: "tree " + idA + "\nparent " + idB + "\nauthor Ann A <ann@example.com> 1767268800 +0130\ncommitter C <c@example.com> 1 +0000\n\nSubject\n\nBody\n",
		parents: 1, author: "Ann A", email: "ann@example.com", date: "2026-01-01T13:30:00+01:30", subject: "Subject", message: "Subject\n\nBody\n"},
	{name: "headers that hold lines of their own", data: "tree " + idA + "\nauthor A <a> 0 +0000\ncommitter C <c> 0 +0000\ngpgsig -----BEGIN\n tree " + idB + "\n parent " + idB + "\n \n -----END\n\nx",
		author: "A", email: "a", date: "1970-01-01T00:00:00Z", subject: "x", message: "x"},
	{name: "merge of a signed tag", data: "tree " + idA + "\nparent " + idB + "\nparent " + idA + "\nauthor A <a> 0 +0000\ncommitter C <c> 0 +0000\nmergetag object " + idB + "\n type commit\n tag v1\n tagger T <t> 0 +0000\n \n message\n\nx",
		parents: 2, author: "A", email: "a", date: "1970-01-01T00:00:00Z", subject: "x", message: "x"},
	{name: "subject over lines", data: "tree " + idA + "\nauthor A <a> 0 +0000\n\n\none\n two\tthree\n\nfour",
		author: "A", email: "a", date: "1970-01-01T00:00:00Z", subject: "one two three", message: "\none\n two\tthree\n\nfour"},
	{name: "no message", data: "tree " + idA + "\nauthor A <a> 0 +0000\n", author: "A", email: "a", date: "1970-01-01T00:00:00Z"},
	{name: "no author", data: "tree " + idA + "\n\nx", date: "1970-01-01T00:00:00Z", subject: "x", message: "x"},
	{name: "odd authors", data: "tree " + idA + "\nauthor A<B <c> <d@e> > 12345 -0800\n\nx", author: "A", email: "B <c> <d@e> ", date: "1969-12-31T19:25:45-08:00", subject: "x", message: "x"},
	{name: "no address", data: "tree " + idA + "\nauthor nobody\n\nx", author: "nobody", date: "1970-01-01T00:00:00Z", subject: "x", message: "x"},
	{name: "a date out of range", data: "tree " + idA + "\nauthor A <a> 99999999999999999999 +9999\n\nx", author: "A", email: "a", date: "1970-01-01T00:00:00Z", subject: "x", message: "x"},
	{name: "a negative date", data: "tree " + idA + "\nauthor A <a> -5 +0000\n\nx", author: "A", email: "a", date: "1970-01-01T00:00:00Z", subject: "x", message: "x"},
	{name: "not UTF-8", data: "tree " + idA + "\nauthor J\xf6rg <j> 0 +0000\n\nGr\xfc\xdfe", author: "J\ufffdrg", email: "j", date: "1970-01-01T00:00:00Z", subject: "Gr\ufffde", message: "Gr\xfc\xdfe"},
	{name: "no tree", data: "author A <a> 0 +0000\n\ntree " + idA, bad: true},
	{name: "a short id", data: "tree abc\n\nx", bad: true},
	{name: "a bad parent", data: "tree " + idA + "\nparent xyz\n\nx", bad: true},
	{name: "empty", data: "", bad: true},
}

func TestParseCommit(t *testing.T) {
	for _, c := range commitTable {
		t.Run(c.name, func(t *testing.T) {
			h, err := parseCommit(pack.SHA1, []byte(c.data), nil)
			if (err != nil) != c.bad {
				t.Fatalf("error: %v", err)
			}
			if c.bad {
				return
			}
			if hex.EncodeToString(h.tree[:20]) != idA || len(h.parents) != c.parents || string(h.message) != c.message {
				t.Errorf("tree %x, %d parents, message %q", h.tree[:20], len(h.parents), h.message)
			}
			d := describe(pack.SHA1, pack.ID{}, []byte(c.data))
			if d.Author != c.author || d.Email != c.email || d.Subject != c.subject {
				t.Errorf("author %q, email %q, subject %q", d.Author, d.Email, d.Subject)
			}
			if got := d.Date.Format("2006-01-02T15:04:05Z07:00"); got != c.date {
				t.Errorf("date %s, want %s", got, c.date)
			}
		})
	}
}

// FuzzCommit: whatever a commit holds, its parts are parts of it, and what reports show of it is harmless.
func FuzzCommit(f *testing.F) {
	for _, c := range commitTable {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			h, err := parseCommit(format, data, nil)
			if err == nil && !bytes.HasSuffix(data, h.message) {
				t.Errorf("message %q is not the end", h.message)
			}
			if len(h.parents) > bytes.Count(data, []byte("parent")) {
				t.Errorf("%d parents", len(h.parents))
			}
			c := describe(format, pack.ID{}, data)
			if !utf8.ValidString(c.Author+c.Email+c.Subject+c.Message) || strings.ContainsAny(c.Subject, "\n\t") {
				t.Errorf("%+q", c)
			}
			if y := c.Date.Year(); !c.Date.IsZero() && (y < 1969 || y > 9999) {
				t.Errorf("year %d", y)
			}
		}
	})
}

var tagTable = []struct {
	name, data, kind, message string
	bad                       bool
}{
	{name: "plain", data: "object " + idA + "\ntype commit\ntag v1\ntagger T <t> 0 +0000\n\nVersion 1\n", kind: "commit", message: "Version 1\n"},
	{name: "no message", data: "object " + idA + "\ntype blob\ntag v1\n", kind: "blob"},
	{name: "blank lines in the message", data: "object " + idA + "\ntype tree\n\none\n\nobject " + idB + "\n", kind: "tree", message: "one\n\nobject " + idB + "\n"},
	{name: "no object", data: "type commit\n\nobject " + idA, bad: true},
	{name: "a bad object", data: "object x\ntype commit\n\nx", bad: true},
	{name: "the null object", data: "object " + strings.Repeat("0", 40) + "\n\nx", bad: true},
	{name: "empty", bad: true},
}

func TestTagTarget(t *testing.T) {
	for _, c := range tagTable {
		id, kind, message, err := tagTarget(pack.SHA1, []byte(c.data))
		if (err != nil) != c.bad {
			t.Errorf("%s: error %v", c.name, err)
		}
		if !c.bad && (hex.EncodeToString(id[:20]) != idA || kind != c.kind || message != c.message) {
			t.Errorf("%s: %x %q %q", c.name, id[:20], kind, message)
		}
	}
}

func FuzzTag(f *testing.F) {
	for _, c := range tagTable {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			id, _, message, err := tagTarget(format, data)
			if err == nil && (id.IsZero() || !strings.HasSuffix(string(data), message)) {
				t.Errorf("%x, message %q", id, message)
			}
		}
	})
}

// FuzzIndex: an index is read whole or refused.
func FuzzIndex(f *testing.F) {
	for _, version := range []byte{2, 3, 4} {
		f.Add(indexBytes(version, "a", "dir/b", "dir/bc"))
	}
	f.Add([]byte("DIRC"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			// The checksum would stop nearly everything that a fuzzer makes; none is allowed.
			if len(data) > format.Size() {
				data = slices.Clone(data)
				clear(data[len(data)-format.Size():])
			}
			entries, err := parseIndex(format, data)
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			if len(entries)*(indexStat+format.Size()) > len(data) {
				t.Errorf("%d entries of %d bytes", len(entries), len(data))
			}
		}
	})
}

// indexBytes makes an index without a checksum.
func indexBytes(version byte, paths ...string) []byte {
	b := []byte{'D', 'I', 'R', 'C', 0, 0, 0, version, 0, 0, 0, byte(len(paths))}
	prev := ""
	for _, p := range paths {
		stat := make([]byte, indexStat)
		copy(stat[indexMode:], "\x00\x00\x81\xa4")
		start := len(b)
		b = append(b, stat...)
		b = append(b, strings.Repeat("\xab", 20)...)
		b = append(b, 0, byte(len(p)))
		if version == 4 {
			b = append(b, byte(len(prev)))
			b = append(append(b, p...), 0)
		} else {
			b = append(b, p...)
			b = append(b, make([]byte, 8-(len(b)-start)%8)...)
		}
		prev = p
	}
	return append(b, make([]byte, 20)...)
}

func TestParseIndex(t *testing.T) {
	for _, version := range []byte{2, 3, 4} {
		entries, err := parseIndex(pack.SHA1, indexBytes(version, "a", "dir/b", "dir/bc"))
		var got []string
		for _, e := range entries {
			got = append(got, e.path)
		}
		if err != nil || !slices.Equal(got, []string{"a", "dir/b", "dir/bc"}) {
			t.Errorf("version %d: %q, %v", version, got, err)
		}
	}
	bad := map[string][]byte{
		"version 5":            indexBytes(5, "a"),
		"no signature":         append([]byte("TREE"), indexBytes(2, "a")[4:]...),
		"cut short":            indexBytes(2, "a", "b")[:100],
		"a wrong checksum":     append(indexBytes(2, "a")[:84], strings.Repeat("x", 20)...),
		"an unknown extension": slices.Concat(indexBytes(2, "a")[:84], []byte("nope\x00\x00\x00\x00"), make([]byte, 20)),
		"a split index":        slices.Concat(indexBytes(2, "a")[:84], []byte("link\x00\x00\x00\x00"), make([]byte, 20)),
		"a long extension":     slices.Concat(indexBytes(2, "a")[:84], []byte("TREE\x00\x00\x00\x09"), make([]byte, 20)),
	}
	for name, data := range bad {
		if _, err := parseIndex(pack.SHA1, data); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	fine := slices.Concat(indexBytes(2, "a")[:84], []byte("TREE\x00\x00\x00\x02xxsdir\x00\x00\x00\x00"), make([]byte, 20))
	if _, err := parseIndex(pack.SHA1, fine); err != nil {
		t.Errorf("extensions: %v", err)
	}
}

// FuzzRefs: packed and loose refs and HEAD, whatever they hold. Each ref is read or a problem, and has an id.
func FuzzRefs(f *testing.F) {
	f.Add([]byte("# pack-refs with: peeled\n"+idA+" refs/tags/v1\n^"+idB+"\n"), []byte(idB+"\n"), []byte("ref: refs/heads/main\n"))
	f.Add([]byte(idA+" refs/heads/main\r\n"), []byte("ref: refs/heads/x"), []byte(idA))
	f.Add([]byte("garbage\n"+idA+"\n "+idA), []byte(""), []byte("\x00"))
	f.Fuzz(func(t *testing.T, packed, loose, head []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{"packed-refs": packed, "refs/heads/main": loose, "HEAD": head} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range formats {
			refs, symbolic, problems := readRefs(dirs{files: disk.OS{}, gitDir: dir, commonDir: dir}, format)
			if !slices.IsSortedFunc(refs, func(a, b ref) int { return strings.Compare(a.name, b.name) }) {
				t.Errorf("refs are not in order: %v", refs)
			}
			isMain := func(r ref) bool { return r.name == "refs/heads/main" }
			_, isSymbolic := symbolic["refs/heads/main"]
			broken := len(problems) > 0
			if found := slices.ContainsFunc(refs, isMain); !found && !isSymbolic && !broken {
				t.Error("a loose ref is lost")
			}
		}
	})
}

// FuzzConfig: the configuration of a repository is understood, refused, or of no interest, in one line each.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n"))
	f.Add([]byte("[remote \"origin\"]\n\turl = https://x:y@example.com/\n\tpromisor = true\n\tpartialclonefilter = blob:none\n"))
	f.Add([]byte("[core]repositoryformatversion=9"))
	f.Add([]byte("[extensions]\nrefStorage = reftable\n[include]\npath = /etc/passwd\n"))
	f.Add([]byte("[a\"b\\\"c\"]\nx = \"\\\"\\n\\t\\b\" ; comment\n\tlong \\\n line\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := parseFormat(data); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q", err)
		}
	})
}

// FuzzIgnorePatterns: ignore files are the repository's.
func FuzzIgnorePatterns(f *testing.F) {
	f.Add([]byte("*.log\n!keep.log\n/build/\n**/x\na/**/b\n[a-z]*\n\\#x\n \n"), "dir/keep.log")
	f.Add([]byte("[\n[]\n[!\n\\\n**\n*\n!\n/\n//\n!/\n"), "a/b/c")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		for _, p := range scan.ParseIgnore(data, nil) {
			p.Match(strings.Split(path, "/"), len(data)%2 == 0)
		}
	})
}
