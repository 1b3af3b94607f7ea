package compose

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// differ says how what a reader gives differs from what Parse gives, empty if it does not.
func differ(got, want *File) string {
	if len(got.Assignments) != len(want.Assignments) {
		return fmt.Sprintf("%d assignments, not %d", len(got.Assignments), len(want.Assignments))
	}
	for i := range want.Assignments {
		if !reflect.DeepEqual(got.Assignments[i], want.Assignments[i]) {
			return fmt.Sprintf("assignment %d: %+v, not %+v", i, got.Assignments[i], want.Assignments[i])
		}
	}
	if len(got.References)+len(want.References) > 0 && !reflect.DeepEqual(got.References, want.References) {
		return fmt.Sprintf("references: %+v, not %+v", got.References, want.References)
	}
	if len(got.Inlines)+len(want.Inlines) > 0 && !reflect.DeepEqual(got.Inlines, want.Inlines) {
		return fmt.Sprintf("inlines: %+v, not %+v", got.Inlines, want.Inlines)
	}
	if len(got.Problems)+len(want.Problems) > 0 && !reflect.DeepEqual(got.Problems, want.Problems) {
		return fmt.Sprintf("problems: %+v, not %+v", got.Problems, want.Problems)
	}
	return ""
}

// readAll has one reader read texts one after another, and reports how many it read by blocks.
func readAll(t *testing.T, r *Reader, texts ...string) (blocks int) {
	t.Helper()
	for _, text := range texts {
		data := []byte(text)
		// The bytes that were read are changed afterwards: nothing that is remembered may refer to them.
		got := r.read(data)
		want := Parse([]byte(text))
		if got == &r.file {
			blocks++
			for i := range data {
				data[i] = '#'
			}
		}
		if d := differ(got, want); d != "" {
			t.Fatalf("%s\nin %q", d, text)
		}
	}
	return blocks
}

// edges are files at whose borders of blocks a reader could go wrong.
var edges = []string{
	"services:\n  a:\n    command: |\n\n  b:\n    image: x\n",
	"services:\n  a:\n    command: |\n         \n  b:\n    image: x\n",
	"services:\n  a:\n    command: >+\n      x\n\n \n  b:\n    image: x\n",
	"services:\n  a:\n    command: |2\n     \n  b:\n    image: x\n",
	"services:\n  a:\n    command: |\n      x\n     \n\t\n  b:\n    image: x\n",
	"services:\n  a:\n    command: |+\n      x\n\n\nvolumes:\n  v:\n",
	"services:\n  a:\n    command: \"x\n  b: y\"\n  c:\n    image: x\n",
	"services:\n  a:\n    command: 'x\nb: y'\n  c:\n    image: x\n",
	"services:\n  a:\n    command: [x,\n  b: y]\n  c:\n    image: x\n",
	"services:\n  a:\n    command: {x: 1,\nb: y}\n  c:\n    image: x\n",
	"services: &x\n  a:\n    image: x\n",
	"services: !!map\n  a:\n    image: x\n",
	"services: |\n  a:\n    image: x\n",
	"services: # all\n  # one\n  a:\n    image: x # y\n # two\n# three\n  b: {image: y}\n",
	"services:\n  a:\n    image: x\n b:\n    image: y\n",
	"services:\n  a:\n    image: x\n   b:\n    image: y\n",
	"services:\n  a\n  b:\n    image: y\n",
	"services:\n  a:\n  - x\n  - y\n  b:\n    image: y\n",
	"services:\n- a:\n- b:\n",
	"services:\n  a: &a\n    image: x\n  b: *a\n",
	"services:\n  a:\n    x: &a 1\n    y: *a\n  b: &a\n    image: y\n",
	"services:\n  a: &a\nvolumes:\n  b:\n",
	"x-a: &a\n  k: v\nservices:\n  a:\n    environment: *a\n",
	"x-a:\n  k: v\nservices:\n  a:\n    x-b: {c: d}\n    environment: {A: b}\nx-c:\n  d: ${E:-f}\n",
	"services:\n  a:\n    <<: {image: y}\n    environment:\n      <<: {A: b}\n",
	"<<: {x: y}\nservices:\n  a:\n    image: x\n",
	"services:\n  a:\n    image: x\n<<: {volumes: {v: {labels: {a: b}}}}\n",
	"---\nservices:\n  a:\n    image: x\n",
	"# x\n---\n# y\nservices:\n  a:\n    image: x\nvolumes:\n",
	"---\nservices:\n  a:\n    image: x\n---\nservices:\n  a:\n    image: x\n",
	"services:\n  a:\n    image: x\n---\n",
	"services:\n  a:\n    image: x\n...\nvolumes:\n  v:\n",
	"x-a:\n  b: c\n---\nservices:\n  a:\n    image: x\n",
	"%YAML 1.2\n---\nservices:\n  a:\n    image: x\n",
	"--- a\nservices:\n  a:\n    image: x\n",
	"\ufeffservices:\n  a:\n    image: x\nvolumes:\n  v:\n",
	"\ufeff# x\nservices:\n  a:\n    image: x\nvolumes:\n  v:\n",
	"services:\r\n  a:\r\n    image: x\r\nvolumes:\r\n  v:\r\n",
	"services:\n  a:\n    image: x\r  b:\n    image: y\n",
	"services:\n  a:\n    command: |\n      x\r      y\nvolumes:\n  v:\n",
	"services:\n\ta:\n    image: x\nvolumes:\n  v:\n",
	"services:\n  a:\n    image: x\n\t\nvolumes:\n  v:\n",
	"  a: \"x\nfoo\"\nservices:\n  a:\n    image: x\n",
	"  a: x\nservices:\n  a:\n    image: x\n",
	"a: x\nfoo\nservices:\n  a:\n    image: x\n",
	"services:\n  a:\n    image: x\nservices:\n  a:\n    image: y\nversion: '3'\n",
	"a:\n  image: x\nb:\n  build: .\n  environment: {A: b}\n",
	"a:\n  image: x\nvolumes:\n  b:\n    driver_opts: {o: \"username=u,password=p\"}\n",
	"\"services\":\n  a:\n    image: x\n'volumes':\n  v:\n",
	"services:\n  \"a\": {image: x}\n  'b':\n    image: x\n  ? c\n  : {image: y}\n",
	"services:\n  a:\n    image: {{ image }}\n{% if x %}\n  b:\n    image: y\n{% endif %}\n",
	"services:\n  a:\n    image: x\n<<<<<<< HEAD\n  b:\n    image: y\n=======\n>>>>>>> x\n",
	"services:\n  a:\n    image: x\n\u00a0 b:\n    image: y\n",
	"services:\n  a:\n    image: \"caf\u00e9\"\nvolumes:\n  \u00e9:\n  v: \xff\n",
	"services:\n  a:\n    image: x\n    build:\n      dockerfile_inline: |\n        FROM x\n        ENV A=$$B\n  b:\n    env_file: [a.env, {path: \"b\\x2eenv\", required: false}]\n",
	"services:\n  a:\n    environment:\n      - \"A=\\x41\"\n      # - B=c\n      - ''\n      -\n  # D: e\n# - F=g\nvolumes:\n",
	"services:\nvolumes:\n  v:\n",
	"services: ~\nvolumes:\n  v:\n",
	"services: a\n  b\nvolumes:\n  v:\n",
	"services:\n  # nothing\n",
	"version: '3'",
	"services:\n  a:\n    image: x",
	"jobs:\n  a:\n    image: x\nvolumes:\n",
	"services:\n  a:\n    command:\n\n\n  b:\n",
	"services:\n  a:\n    command: x\n\n      y\n\n  b:\n    command: x #\n      y\n",
}

// linkedFiles have anchors before their services.
var linkedFiles = []string{`# head
x-restart: &restart
  restart: always
  labels: {owner: "a\x41"}
x-pass: &pass "p$$\x24w"
x-env: &env
  DB_PASSWORD: hunter2 # A=b
  TOKEN: ${TOKEN:-t0ken}
  "OTHER": *pass
x-defaults: &defaults
  <<: [*restart]
  image: app:1
  build:
    context: ./app
    args: &args
      - SECRET=s3cret
    dockerfile_inline: |
      FROM x
      ENV A=$$B
  env_file:
  - &file a.env
  depends_on:
    db: &healthy
      condition: service_healthy
  environment:
    <<: *env
    MORE: m
  # COMMENTED: c
networks:
  n: {driver_opts: {o: "password=x"}}
services: # all
  # first
  web:
    <<: *defaults
    command: ["run", "--password", *pass]
    # - LEFT=out
  worker:
    <<: *defaults
    environment:
      <<: *env
      OWN: o
    depends_on:
      db: *healthy
  x-extra: {environment: *env}
  db:
    <<: [*restart]
    image: "db\x3a1"
    environment: *env
    env_file: *file
  plain:
    image: y
    command: redis-server --requirepass hunter3
  built:
    build:
      context: .
      args: *args
volumes:
  v:
x-after:
  K: v
`, "x-a: &a\n  environment: {A: b}\nservices:\n  a: *a\n  b: *a\n  c:\n    <<: *a\n  d:\n    x-b: *a\n",
	"x-a: &a\n  x-c: &c {d: e}\n  image: z\nx-b:\n  <<: *a\nservices:\n  a:\n    <<: *c\n    image: x\n  b: {<<: *a}\n",
	"version: &v '3'\nsecrets: &s\n  one: {file: a.txt}\nservices:\n  a:\n    image: *v\n    secrets: *s\n    environment:\n    - &e A=b\n    - *e\n",
	"x-a: &a\n  A: b\nservices:\n  a:\n    environment: *a\nvolumes:\n  v: *a\n",
	"x-a: &a\nservices:\n  a:\n    environment: *a\n  b: &b\n    image: x\n  c: *b\n",
	"x-a: &a |\n  A: b\nservices:\n  a:\n    command: *a\n  b:\n    command: |\n      x\n",
	"x-a: &a\n  A: b\nservices: &s\n  a:\n    environment: *a\n",
	"x-a: &a\n  A: b\nservices:\n  a: {\n  x: y}\n  .foo: v\n",
	"x-a: &a\n  A: b\nservices:\n  a: {\n  x: SECRET}\n",
	"x-a: &a\n  A: b\nservices:\n  a: \"q\n  x: y\"\n  .foo: v\n  k: {\n  x: SEC}\n  .bar: v\n",
	"x-a: &a\n  A: b\nservices:\n  k: {\n  b: c}\n  .foo: v\n",
	"<<: &a {x-b: c}\nservices:\n  a:\n    environment: *a\n",
	manyAliases("a", "b"),
	manyAliases("a", "b", "c"), // more than aliases may stand for, each of which was read before or can be
}

// manyAliases is a file of services whose commands are one long text.
func manyAliases(services ...string) string {
	text := "x-a: &a " + strings.Repeat("word ", 9000) + "\nservices:\n"
	for _, name := range services {
		text += "  " + name + ":\n    command: *a\n"
	}
	return text
}

// texts are all files that tests of this package read.
func texts() []string {
	all := slices.Concat(edges, linkedFiles)
	for _, c := range forms {
		all = append(all, c.text)
	}
	all = append(all, sample, strings.ReplaceAll(strings.ReplaceAll(sample, "&common", ""), "    <<: *common\n", ""))
	// In one order always: tests choose among them by numbers.
	return slices.Concat(all, slices.Sorted(maps.Values(bombs(1<<9))))
}

func TestReaderEdges(t *testing.T) {
	var r Reader
	all := texts()
	blocks := readAll(t, &r, all...)
	if again := readAll(t, &r, all...); again != blocks {
		t.Errorf("%d files were read by blocks, and then %d", blocks, again)
	}
	if blocks < len(all)/4 {
		t.Errorf("of %d files %d were read by blocks", len(all), blocks)
	}
	// Each alone, and behind the blocks of others.
	for _, text := range all {
		readAll(t, new(Reader), text, "version: '3'\n"+text, text+"\nvolumes:\n  v:\n", "volumes:\n  v:\n    labels: [a=b]\n"+text)
	}
}

// edit changes a text as people do, and as nobody does.
func edit(rnd *rand.Rand, text string, others []string) string {
	lines := strings.SplitAfter(text, "\n")
	at := rnd.IntN(len(lines))
	switch rnd.IntN(12) {
	case 0:
		lines = slices.Delete(lines, at, min(len(lines), at+1+rnd.IntN(3)))
	case 1:
		lines = slices.Insert(lines, at, lines[rnd.IntN(len(lines))])
	case 2:
		lines[at] = strings.Repeat(" ", rnd.IntN(5)) + strings.TrimLeft(lines[at], " ")
	case 3:
		other := strings.SplitAfter(others[rnd.IntN(len(others))], "\n")
		from := rnd.IntN(len(other))
		lines = slices.Insert(lines, at, other[from:min(len(other), from+1+rnd.IntN(6))]...)
	case 4:
		to := rnd.IntN(len(lines))
		lines[at], lines[to] = lines[to], lines[at]
	case 5:
		lines[at] = strings.TrimSuffix(lines[at], "\n")
	case 6:
		lines = slices.Insert(lines, at, []string{"\n", "   \n", "\t\n", "# c\n", "   # A=b\n", "---\n", "...\n", "x: |\n", "  y: >+\n", "- a\n",
			"z: \"\n", "w: '\n", "v: [\n", "]\n", "}\n", "\"\n", "k: &a\n", "k: *a\n", "services:\n", "x-y: z\n", "  x-y: z\n", "? x\n", "<<: {a: b}\n"}[rnd.IntN(23)])
	default:
		if b := []byte(lines[at]); len(b) > 0 {
			marks := []byte("ab:  -\"'#&*|>[]{}\n\t\r!%~\\$,?=")
			b[rnd.IntN(len(b))] = marks[rnd.IntN(len(marks))]
			lines[at] = string(b)
		}
	}
	return strings.Join(lines, "")
}

// TestReaderVersions reads histories of files that change a little from version to version.
func TestReaderVersions(t *testing.T) {
	all := texts()
	rnd := rand.New(rand.NewPCG(3, 4))
	var r Reader
	blocks, total, linked := 0, 0, 0
	for range 400 {
		text := all[rnd.IntN(len(all))]
		switch rnd.IntN(3) {
		case 0:
			text = all[len(edges)+len(linkedFiles)+len(forms)+1] // the one that is like most
		case 1:
			text = linkedFiles[rnd.IntN(3)]
		}
		before := text
		for range 12 {
			total++
			n := readAll(t, &r, text)
			if head, _, _ := strings.Cut(text, "services:"); n > 0 && strings.Contains(head, "&") {
				linked++
			}
			if blocks += n; n == 0 && rnd.IntN(4) > 0 {
				text = before // most edits go on from what blocks can be read of
			}
			before = text
			text = edit(rnd, text, all)
		}
	}
	t.Logf("of %d versions %d were read by blocks, %d of them with anchors", total, blocks, linked)
	if blocks < total/6 || linked < total/30 {
		t.Errorf("of %d versions %d were read by blocks, %d of them with anchors", total, blocks, linked)
	}
}

func TestReaderForgets(t *testing.T) {
	var r Reader
	for i := range 3000 {
		f := r.Read(fmt.Appendf(nil, "version: '3'\nservices:\n  s%d:\n    environment:\n%s", i, strings.Repeat("      A: b\n", 200)))
		if len(f.Assignments) != 201 {
			t.Fatalf("%d assignments", len(f.Assignments))
		}
		if r.size > maxKnown {
			t.Fatalf("%d bytes are kept", r.size)
		}
	}
	if n := len(r.services); n == 0 || n == 3000 {
		t.Errorf("%d services are known", n)
	}
}

// TestReaderBombs: blocks cost no more than the file they are of.
func TestReaderBombs(t *testing.T) {
	var r Reader
	for name, text := range bombs(1 << 18) {
		if d := differ(r.Read([]byte(text)), Parse([]byte(text))); d != "" {
			t.Errorf("%s: %.200s", name, d)
		}
	}
}

// TestReaderLinkedBombs: many services that use many anchors cost about as much as their text, in their second version too.
func TestReaderLinkedBombs(t *testing.T) {
	const n = 3000
	var head, services strings.Builder
	for i := range n {
		fmt.Fprintf(&head, "  - &a%d {}\n# %s\n", i, strings.Repeat("-", 60))
		fmt.Fprintf(&services, "  s%d: *a%d\n# %s\n", i, i, strings.Repeat("-", 60))
	}
	first := "x-a:\n" + head.String() + "services:\n" + services.String()
	second := "x-a:\n" + head.String() + fmt.Sprintf("services:\n  zz: *a%d\n", n-1) + services.String()
	var r Reader
	for _, text := range []string{first, second, first} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := r.Read([]byte(text))
		runtime.ReadMemStats(&after)
		if d := differ(got, Parse([]byte(text))); d != "" {
			t.Fatalf("%.300s", d)
		}
		if bytes := int(after.TotalAlloc - before.TotalAlloc); bytes > 40*len(text) {
			t.Errorf("%d bytes of memory were taken for %d", bytes, len(text))
		}
	}
	// As many services as may be linked, each of which uses another part of what stands before them.
	first = "x-a: &all\n" + strings.Repeat("  - &a {}\n", 20)
	for i := range 200 {
		first = strings.Replace(first, "&a {}", fmt.Sprintf("&a%d {}", i), 1)
	}
	first += "services:\n"
	for i := range 100 {
		first += fmt.Sprintf("  s%d:\n    image: x # %s\n    labels: *a%d\n", i, strings.Repeat("-", 60), i%20)
	}
	for range 3 {
		if d := differ(r.Read([]byte(first)), Parse([]byte(first))); d != "" {
			t.Fatalf("%.300s", d)
		}
	}
	for _, p := range r.prefixes {
		if len(p.states) > maxStates {
			t.Errorf("%d states", len(p.states))
		}
	}
}

// TestReaderHistories reads all compose files in the history of this project, or of the bare repositories below the folder
// that COMPOSE_HISTORIES names.
func TestReaderHistories(t *testing.T) {
	root := os.Getenv("COMPOSE_HISTORIES")
	if root == "" {
		dir, err := exec.Command("git", "rev-parse", "--path-format=absolute", "--git-common-dir").Output()
		if err != nil {
			t.Fatalf("this project's history: %v", err)
		}
		root = strings.TrimSpace(string(dir))
	}
	var r Reader
	blocks, total := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "objects" || !d.IsDir() {
			return err
		}
		list, err := exec.Command("git", "-C", filepath.Dir(path), "rev-list", "--objects", "--all").Output()
		if err != nil {
			return fs.SkipDir
		}
		seen := map[string]bool{}
		for line := range strings.Lines(string(list)) {
			id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
			if seen[id] || !IsCompose(name[strings.LastIndexByte(name, '/')+1:]) {
				continue
			}
			seen[id] = true
			data, err := exec.Command("git", "-C", filepath.Dir(path), "cat-file", "blob", id).Output()
			if err != nil {
				continue
			}
			total++
			got := r.read(bytes.Clone(data))
			if got == &r.file {
				blocks++
			}
			if d := differ(got, Parse(data)); d != "" {
				t.Errorf("%s %s: %.300s", path, id, d)
			}
		}
		return fs.SkipDir
	})
	if err != nil || total == 0 {
		t.Fatalf("%d files: %v", total, err)
	}
	t.Logf("of %d versions %d were read by blocks", total, blocks)
}

func FuzzReader(f *testing.F) {
	for _, text := range texts() {
		f.Add([]byte(text), uint16(len(text)/2), []byte("  b:\n    image: y\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, more []byte) {
		var r Reader
		n := min(int(at), len(data))
		edited := string(data[:n]) + string(more) + string(data[n:])
		readAll(t, &r, string(data), edited, string(data), "version: '3'\n"+edited)
	})
}
