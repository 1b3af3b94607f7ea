package gitscan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// conditionRules find the practices that depend on the files around, and marks, which make a file one of credentials.
const conditionRules = markRules + `
[[rules]]
id = "secret-tracked"
description = "x"
kind = "exposure"
in = ["compose.secret-tracked"]
key = '''.'''
[[rules]]
id = "env-tracked"
description = "x"
kind = "exposure"
in = ["compose.env-tracked"]
key = '''.'''
[[rules]]
id = "env-unignored"
description = "x"
kind = "exposure"
in = ["compose.env-unignored"]
key = '''.'''
[[rules]]
id = "copy-context"
description = "x"
kind = "exposure"
in = ["dockerfile.copy-context"]
key = '''.'''
`

// What files of the random histories hold, by their names without folders. Folders are the top and app.
var (
	composeParts  = []string{"    env_file: prod.env\n", "    env_file: [../prod.env, prod.env]\n", "    environment:\n      A: ${B}\n", "secrets:\n  p:\n    file: ./db/password.txt\n"}
	conditionText = map[string][]string{
		"Dockerfile":              {"FROM a\nCOPY . .\n", "FROM a\nCOPY ./ /x\nRUN y\n", "FROM a\nCOPY src .\n", ""},
		besideName:                {"FROM a\nCOPY readme .\nCOPY . .\n", "FROM a\nCOPY readme .\nCOPY . .\n", "FROM a\nCOPY . .\n"},
		"prod.env":                {"", "A=1\n", "DB_PASSWORD=kX82mQp4vT\n", "A=1\nDB_PASSWORD=postgres\n", "# DB_PASSWORD=kX82mQp4vT\n", "DB_PASSWORD=${X}\n"},
		".env":                    {"", "A=1\n", "DB_PASSWORD=kX82mQp4vT\n", "A=1\nDB_PASSWORD=postgres\n", "DB_PASSWORD=changeme\n"},
		"db/password.txt":         {"", " \n", "mark-a\n", "mark-b\n", "x\n"},
		".dockerignore":           {"", "**/.env\n", "*.env\n", "db\n", "*\n!Dockerfile\n", "**\n!**/.env\n"},
		"Dockerfile.dockerignore": {"", "**/.env\n", "*.env\n", "*\n!Dockerfile\n"},
		".gitignore":              {"", "prod.env\n", "/prod.env\n", "*.env\n!prod.env\n", "!prod.env\n", "app/\n"},
		"readme":                  {"", "mark-c\n", "x\n"},
	}
)

// besideName is the name of a Dockerfile that copies readme from its context, which is thereby known: the folder with
// that file.
const besideName = "Dockerfile.beside"

func composeText(r *rand.Rand) string {
	text := "services:\n  a:\n    image: x\n"
	for i, part := range composeParts {
		if r.IntN(2) == 0 && !(i == 1 && strings.Contains(text, "env_file")) {
			text += part
		}
	}
	return text
}

// randomConditions is a fast-import stream like randomHistory, over files that depend on each other.
func randomConditions(r *rand.Rand, commits int, beside bool) []byte {
	var b bytes.Buffer
	var names []string
	for name := range conditionText {
		if beside || name != besideName {
			names = append(names, name)
		}
	}
	names = append(names, "docker-compose.yml", "docker-compose.yml")
	slices.Sort(names)
	for i := 1; i <= commits; i++ {
		fmt.Fprintf(&b, "commit refs/heads/b%d\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n", i, i, 1_700_000_000+r.IntN(50))
		if i > 1 && r.IntN(20) > 0 {
			seen := map[int]bool{}
			verb := "from"
			for range 1 + max(0, r.IntN(5)-2) {
				p := 1 + r.IntN(i-1)
				if r.IntN(3) > 0 {
					p = max(1, i-1-r.IntN(3))
				}
				if !seen[p] {
					seen[p] = true
					fmt.Fprintf(&b, "%s :%d\n", verb, p)
					verb = "merge"
				}
			}
		}
		if r.IntN(25) == 0 {
			b.WriteString("deleteall\n")
		}
		for range r.IntN(4) {
			name := names[r.IntN(len(names))]
			p := []string{"", "", "app/"}[r.IntN(3)] + name
			switch r.IntN(7) {
			case 0:
				fmt.Fprintf(&b, "D %s\n", p)
			case 1:
				if strings.Contains(name, "/") {
					fmt.Fprintf(&b, "M 100644 inline %s\ndata 2\nx\n\n", path.Dir(p)) // a file where a folder was
				}
			default:
				text := composeText(r)
				if texts, ok := conditionText[name]; ok {
					text = texts[r.IntN(len(texts))]
				}
				fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", p, len(text), text)
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// fileTree is the files of one commit: path to content.
type fileTree map[string]string

// setsSecret says whether one of the texts of a .env file above sets a secret.
func setsSecret(text string) bool {
	return strings.Contains(text, "DB_PASSWORD=kX82mQp4vT") && text[0] != '#' || strings.Contains(text, "=postgres")
}

// ignoredByGit judges the texts of .gitignore above by hand.
func (t fileTree) ignoredByGit(file string) bool {
	ignored := false
	for _, folder := range []string{"", "app/"} {
		rel, ok := strings.CutPrefix(file, folder)
		if !ok {
			continue
		}
		base := path.Base(rel)
		switch t[folder+".gitignore"] {
		case "prod.env\n":
			ignored = ignored || base == "prod.env"
		case "/prod.env\n":
			ignored = ignored || rel == "prod.env"
		case "*.env\n!prod.env\n":
			ignored = base != "prod.env" && (ignored || strings.HasSuffix(base, ".env"))
		case "!prod.env\n":
			ignored = ignored && base != "prod.env"
		case "app/\n":
			if strings.HasPrefix(rel, "app/") {
				return true // and nothing within it counts
			}
		}
	}
	return ignored
}

// ignoredByDocker judges the texts of .dockerignore above by hand.
func ignoredByDocker(text, rel string) bool {
	switch text {
	case "**/.env\n":
		return path.Base(rel) == ".env"
	case "*.env\n":
		return strings.HasSuffix(rel, ".env") && !strings.Contains(rel, "/")
	case "db\n":
		return rel == "db" || strings.HasPrefix(rel, "db/")
	case "*\n!Dockerfile\n":
		return rel != "Dockerfile"
	case "**\n!**/.env\n":
		return path.Base(rel) != ".env"
	}
	return false
}

// copiesCredential says whether COPY . . of the Dockerfile in the folder takes a credential.
func (t fileTree) copiesCredential(dockerfile, folder string) bool {
	ignore, ok := t[dockerfile+".dockerignore"]
	if !ok {
		ignore = t[folder+".dockerignore"]
	}
	for file, text := range t {
		rel, ok := strings.CutPrefix(file, folder)
		if !ok || ignoredByDocker(ignore, rel) {
			continue
		}
		switch path.Base(rel) {
		case ".env", "prod.env":
			if setsSecret(text) {
				return true
			}
		case "password.txt":
			if strings.Contains(text, "mark-") {
				return true
			}
		}
	}
	return false
}

// exposures are the findings that the tree has, by path: their fingerprints.
func (t fileTree) exposures() map[string]map[string]bool {
	list := map[string]map[string]bool{}
	for file, text := range t {
		add := func(holds bool, rule, key string) {
			if holds {
				if list[file] == nil {
					list[file] = map[string]bool{}
				}
				list[file][scan.Fingerprint(rule, file+"\x00"+key)] = true
			}
		}
		folder := strings.TrimPrefix(path.Dir(file)+"/", "./")
		switch path.Base(file) {
		case besideName:
			context := folder
			if _, ok := t[folder+"readme"]; !ok && strings.Contains(text, "readme") {
				if _, ok := t["readme"]; ok {
					context = ""
				}
			}
			add(t.copiesCredential(file, context), "copy-context", ".")
		case "Dockerfile":
			if strings.Contains(text, "COPY . .") {
				add(t.copiesCredential(file, folder), "copy-context", ".")
			}
			if strings.Contains(text, "COPY ./ /x") {
				add(t.copiesCredential(file, folder), "copy-context", "./")
			}
		case "docker-compose.yml":
			if strings.Contains(text, "./db/password.txt") {
				add(strings.TrimSpace(t[folder+"db/password.txt"]) != "", "secret-tracked", "./db/password.txt")
			}
			env := func(name string) {
				p := path.Join(folder, name)
				content, there := t[p]
				add(setsSecret(content+" "), "env-tracked", name)
				add(!there && !strings.HasPrefix(p, "..") && !t.ignoredByGit(p), "env-unignored", name)
			}
			if strings.Contains(text, "../prod.env") {
				env("../prod.env")
			}
			if strings.Contains(text, "env_file") {
				env("prod.env")
			}
			if strings.Contains(text, "${B}") {
				add(setsSecret(t[folder+".env"]+" "), "env-tracked", ".env")
			}
		}
	}
	return list
}

// naiveConditions works the exposures of every commit out from its whole tree.
func naiveConditions(t *testing.T, dir string) (map[string]*naiveCommit, map[string]string) {
	t.Helper()
	all := everything(t, dir)
	commits, refs := naiveHistory(t, dir, all)
	for id, c := range commits {
		tree := fileTree{}
		all.files(id, func(path, blob string) { tree[path] = all[blob].data })
		c.holds = tree.exposures()
	}
	return commits, refs
}

func readTree(t *testing.T, dir, id string, blobs map[string]string) fileTree {
	t.Helper()
	tree := fileTree{}
	for entry := range strings.SplitSeq(git(t, dir, nil, "ls-tree", "-r", "-z", id), "\x00") {
		if meta, file, ok := strings.Cut(entry, "\t"); ok {
			blob := strings.Fields(meta)[2]
			if _, known := blobs[blob]; !known {
				blobs[blob] = git(t, dir, nil, "cat-file", "blob", blob)
			}
			tree[file] = blobs[blob]
		}
	}
	return tree
}

// exposuresOf are the findings of practices, with their fingerprints in the place of secrets.
func exposuresOf(findings []scan.Finding) []scan.Finding {
	var list []scan.Finding
	for _, f := range findings {
		if f.Kind == scan.KindExposure {
			f.Secret = scan.Secret(f.Fingerprint)
			list = append(list, f)
		}
	}
	return list
}

// TestConditionsAgainstNaive: an exposure that depends on other files is there at a commit when its condition holds
// in the tree of that commit.
func TestConditionsAgainstNaive(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			format := "sha1"
			if seed%4 == 3 {
				format = "sha256"
			}
			git(t, dir, nil, "init", "-q", "--bare", "--object-format="+format)
			r := rand.New(rand.NewPCG(seed, 5))
			git(t, dir, randomConditions(r, 50, seed%2 == 0), "fast-import", "--quiet", "--force")
			var lost bytes.Buffer
			for i := 1; i <= 50; i++ {
				if r.IntN(4) > 0 {
					fmt.Fprintf(&lost, "delete refs/heads/b%d\n", i)
				}
			}
			git(t, dir, lost.Bytes(), "update-ref", "--stdin")
			commits, refs := naiveConditions(t, dir)
			res := scanRepo(t, dir, gitscan.Options{}, conditionRules, 2)
			if !res.Stats.Complete {
				t.Fatalf("incomplete: %v", res.Stats.Problems)
			}
			checkHistory(t, commits, refs, exposuresOf(res.Findings))
			for range 8 {
				if seed%2 == 0 {
					break // a file that is new above an old Dockerfile is not looked at
				}
				o, wanted := randomSelection(r, commits, refs)
				res := scanRepo(t, dir, o, conditionRules, 2)
				n := narrowedNaive{commits: commits, refs: refs, wanted: wanted}
				if diff := n.compare(exposuresOf(res.Findings)); diff != "" {
					t.Fatalf("%+v:\n%s", o, diff)
				}
			}
		})
	}
}

// TestConditionsStaged: with the index in the place of the next commit, --staged says what it brings in, and a whole
// scan what it has and no commit.
func TestConditionsStaged(t *testing.T) {
	found := 0
	for seed := range uint64(30) {
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(seed, 7))
		git(t, dir, nil, "init", "-q", "-b", "main")
		for file := range randomFiles(t, r, dir, 9) {
			git(t, dir, nil, "add", "-f", file)
		}
		git(t, dir, nil, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "c")
		blobs := map[string]string{}
		before := readTree(t, dir, "HEAD", blobs).exposures()
		for file := range randomFiles(t, r, dir, 3) {
			git(t, dir, nil, "add", "-f", file)
		}
		if files := strings.Fields(git(t, dir, nil, "ls-files")); r.IntN(2) == 0 && len(files) > 0 {
			git(t, dir, nil, "rm", "-q", "-f", "--cached", files[r.IntN(len(files))])
		}
		want, now := map[string]bool{}, map[string]bool{}
		for file, list := range readTree(t, dir, strings.TrimSpace(git(t, dir, nil, "write-tree")), blobs).exposures() {
			for id := range list {
				now[file+" "+id] = true
				if !before[file][id] {
					want[file+" "+id] = true
				}
			}
		}
		found += len(want)
		repo, err := gitscan.Open(dir, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer repo.Close()
		staged, err := repo.Staged()
		if err != nil {
			t.Fatal(err)
		}
		places := func(res *scan.Result) map[string]bool {
			got := map[string]bool{}
			for _, f := range exposuresOf(res.Findings) {
				for _, p := range f.Places {
					if p.Note == "staged" {
						got[p.Path+" "+f.Fingerprint] = true
					}
				}
			}
			return got
		}
		if diff := difference("staged", places(scanSource(t, staged, conditionRules)), want); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		got := places(scanRepo(t, dir, gitscan.Options{}, conditionRules, 2))
		for place := range got {
			if now[place] && !want[place] {
				delete(got, place) // in a file that is new: all of it is told
			}
		}
		if diff := difference("index", got, want); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
	if found < 15 {
		t.Errorf("only %d exposures are staged", found)
	}
}

// randomFiles writes some files of the random histories and returns their names.
func randomFiles(t *testing.T, r *rand.Rand, dir string, n int) map[string]bool {
	t.Helper()
	written := map[string]bool{}
	names := []string{"docker-compose.yml", "docker-compose.yml", "Dockerfile", "prod.env", ".env", "db/password.txt", ".dockerignore", ".gitignore", "readme"}
	for range n {
		name := names[r.IntN(len(names))]
		text := composeText(r)
		if texts, ok := conditionText[name]; ok {
			text = texts[r.IntN(len(texts))]
		}
		file := []string{"", "app/"}[r.IntN(2)] + name
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, file), text)
		written[file] = true
	}
	return written
}

// TestConditionsWithoutCommit: trees that tags name are judged like those of commits; of what nothing leads to the
// files around are not known, but what does not depend on them is told.
func TestConditionsWithoutCommit(t *testing.T) {
	const rules = conditionRules + `
[[rules]]
id = "arg"
description = "x"
kind = "exposure"
in = ["dockerfile.arg-open"]
key = '''.'''
`
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	blob := func(text string) string {
		return strings.TrimSpace(git(t, dir, []byte(text), "hash-object", "-w", "--stdin"))
	}
	tree := func(files ...string) string {
		var in strings.Builder
		for i := 0; i < len(files); i += 2 {
			fmt.Fprintf(&in, "100644 blob %s\t%s\n", blob(files[i+1]), files[i])
		}
		return strings.TrimSpace(git(t, dir, []byte(in.String()), "mktree"))
	}
	const dockerfile, env = "FROM a\nARG T\nCOPY . .\n", "DB_PASSWORD=kX82mQp4vT\n"
	git(t, dir, nil, "update-ref", "refs/tags/with", tree("Dockerfile", dockerfile, ".env", env))
	git(t, dir, nil, "update-ref", "refs/tags/without", tree("Dockerfile", dockerfile, ".env", env, ".dockerignore", ".env\n"))
	tree("Dockerfile.old", "FROM b\nARG U\nCOPY . .\n", ".env", env)
	var got []string
	for _, f := range scanRepo(t, dir, gitscan.Options{}, rules, 2).Findings {
		for _, p := range f.Places {
			got = append(got, fmt.Sprintf("%s %s %s %v", f.Rule, p.Path, p.Note, p.AtTip))
		}
	}
	slices.Sort(got)
	want := []string{
		"arg Dockerfile tagged tree [refs/tags/with]",
		"arg Dockerfile tagged tree [refs/tags/without]",
		"arg Dockerfile.old unreachable object []",
		"copy-context Dockerfile tagged tree [refs/tags/with]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
