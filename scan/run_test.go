package scan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rummage/detect"
	"rummage/scan"
)

// memory is a source of texts, each at paths, in a given order.
type memory struct {
	texts    []string
	paths    map[int][]string
	order    []int // of searching and placing
	stop     int   // cancel after so many texts
	cancel   func()
	err      error // of Search
	placeErr error
	progress scan.Progress
	searched int
}

func (m *memory) Search(ctx context.Context, _ int, open func() scan.Visitor) error {
	v := open()
	for i, n := range m.order {
		if m.cancel != nil && i == m.stop {
			m.cancel()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		v.Visit(scan.BlobRef(n), []byte(m.texts[n]))
		m.searched++
	}
	return m.err
}

func (m *memory) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	if m.placeErr != nil {
		return m.placeErr
	}
	for _, n := range m.order {
		for i, path := range m.paths[n] {
			for _, id := range l.At(scan.BlobRef(n), path, nil) {
				c := &scan.Commit{ID: fmt.Sprintf("%040d", 10*n+i), Date: time.Unix(int64(n), 0)}
				emit(scan.Placement{Blob: scan.BlobRef(n), Path: path, Secret: id, Introduced: c, AtTip: []string{"refs/heads/main"}, Reachable: true})
			}
		}
	}
	return ctx.Err()
}

func (m *memory) Content(ref scan.BlobRef) ([]byte, error) { return []byte(m.texts[ref]), nil }
func (m *memory) BlobID(ref scan.BlobRef) string           { return fmt.Sprintf("blob%d", ref) }
func (m *memory) Progress() *scan.Progress                 { return &m.progress }
func (m *memory) Stats() scan.Stats {
	return scan.Stats{Complete: true, Scanned: int64(m.searched), Problems: []scan.Problem{}, Notices: []string{}}
}

const runRules = `
[[rules]]
id = "word"
description = "a word"
severity = "low"
regex = '''word-([a-z]+)'''
keywords = ["word-"]
[[rules.allowlists]]
description = "docs"
paths = ['''^docs/''']

[[rules]]
id = "by-name"
description = "a name"
path = '''\.key$'''

[[rules]]
id = "leaky"
description = "a practice"
kind = "exposure"
in = ["text.assignment"]
keywords = ["leak_"]
key = '''^leak_'''
value = '''[a-z]{4,}'''
`

func detector(t testing.TB) *detect.Detector {
	t.Helper()
	rs, err := detect.Parse("test.toml", []byte(runRules), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return detect.New(rs)
}

// tell is findings in short: rule, value, who suppressed it, and places.
func tell(findings []scan.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s", f.Rule, f.Secret.Reveal())
		if f.Suppressed != nil {
			fmt.Fprintf(&b, " by %s %s", f.Suppressed.By, f.Suppressed.Reason)
		}
		for _, p := range f.Places {
			fmt.Fprintf(&b, " %s:%d:%d", p.Path, p.Line, p.Column)
			if p.Note != "" {
				fmt.Fprintf(&b, "(%s)", p.Note)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func story() *memory {
	return &memory{
		texts: []string{"word-one\nword-two word-one", "x word-one", "word-two # rummage:allow because", "nothing", "leak_a = \"bbbb\"", "leak_a = \"aaaa\""},
		paths: map[int][]string{0: {"b", "a"}, 1: {"docs/c", "a"}, 2: {"d"}, 3: {"my.key"}, 4: {"e"}, 5: {"e"}},
		order: []int{0, 1, 2, 3, 4, 5},
	}
}

const (
	storyFindings = `by-name  my.key:0:0
leaky aaaa e:1:11 e:1:11
word one a:1:6 a:1:8 a:2:15 b:1:6 b:2:15
word two a:2:6 b:2:6
`
	storySuppressed = `word two by comment because d:1:6
word one by allowlist docs docs/c:1:8
`
)

// TestRun: one finding for each secret and rule, with every place, whatever the order in which texts come.
func TestRun(t *testing.T) {
	var first []byte
	for _, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 5, 0, 3, 4, 1}} {
		m := story()
		m.order = order
		res, err := scan.Run(t.Context(), m, detector(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := tell(res.Findings); got != storyFindings {
			t.Errorf("order %v: findings:\n%swant:\n%s", order, got, storyFindings)
		}
		if got := tell(res.Suppressed); got != storySuppressed {
			t.Errorf("order %v: suppressed:\n%swant:\n%s", order, got, storySuppressed)
		}
		if !res.Stats.Complete || res.Stats.Interrupted || res.Stats.Suppressed["comment"] != 1 || res.Stats.Suppressed["allowlist"] != 1 {
			t.Errorf("stats: %+v", res.Stats)
		}
		res.Stats.Seconds = 0
		out, err := json.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out
		} else if string(out) != string(first) {
			t.Errorf("order %v gives other bytes:\n%s\n%s", order, out, first)
		}
	}
}

// TestRunInterrupted: what was found until then is reported, with its places when they can be told.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := story()
	m.stop, m.cancel = 2, cancel
	res, err := scan.Run(ctx, m, detector(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := "by-name  my.key:0:0\nword one a:1:6 a:1:8 a:2:15 b:1:6 b:2:15\nword two a:2:6 b:2:6\n"; tell(res.Findings) != want {
		t.Errorf("findings:\n%swant:\n%s", tell(res.Findings), want)
	}
	if res.Stats.Complete || !res.Stats.Interrupted || m.searched != 2 {
		t.Errorf("stats: %+v, searched %d", res.Stats, m.searched)
	}

	ctx, cancel = context.WithCancel(t.Context())
	m = story()
	m.stop, m.cancel, m.placeErr = 2, cancel, context.DeadlineExceeded
	res, err = scan.Run(ctx, m, detector(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	note := "(place not resolved: interrupted)"
	if want := "word one :1:6" + note + " :1:8" + note + " :2:15" + note + "\nword two :2:6" + note + "\n"; tell(res.Findings) != want {
		t.Errorf("findings:\n%swant:\n%s", tell(res.Findings), want)
	}
	if res.Stats.Complete || !res.Stats.Interrupted {
		t.Errorf("stats: %+v", res.Stats)
	}
}

// TestRunError: an error of the source that is no interrupt is the scan's.
func TestRunError(t *testing.T) {
	broken := errors.New("the disk is gone")
	for name, m := range map[string]*memory{"search": {err: broken}, "place": {placeErr: broken}} {
		if res, err := scan.Run(t.Context(), m, detector(t), 1); !errors.Is(err, broken) {
			t.Errorf("%s: %v, %+v", name, err, res)
		}
	}
}

// TestRunUnplaced: a text that the source searched only to compare with is no finding.
func TestRunUnplaced(t *testing.T) {
	m := story()
	delete(m.paths, 1)
	res, err := scan.Run(t.Context(), m, detector(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(res.Findings, res.Suppressed) {
		for _, p := range f.Places {
			if p.Blob == "blob1" {
				t.Errorf("found: %s at %s", f.Rule, p.Path)
			}
		}
	}
}

// serviceDetector has a rule for services' variables.
func serviceDetector(t *testing.T) *detect.Detector {
	rs, err := detect.Parse("test.toml", []byte(`
[[rules]]
id = "set"
description = "a password in the environment of a service"
in = ["compose.environment"]
keywords = ["password"]
value = '.'
`), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return detect.New(rs)
}

// TestRunDocument: a text that quotes files is read as one of them only where it has such a name.
func TestRunDocument(t *testing.T) {
	text := "services:\n  a:\n    image: x\n    environment:\n      PASSWORD: hunter2\n"
	m := &memory{
		texts: []string{text, text + "```\n", text + "# ```\n"},
		paths: map[int][]string{0: {"docker-compose.yml", "README.md"}, 1: {"README.md", "docker-compose.yml"}, 2: {"stack.yml"}},
		order: []int{1, 0, 2},
	}
	res, err := scan.Run(t.Context(), m, serviceDetector(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := "set hunter2 docker-compose.yml:5:17 docker-compose.yml:5:17 stack.yml:5:17\n"
	if got := tell(res.Findings); got != want {
		t.Errorf("got %swant %s", got, want)
	}
	if got := res.Stats.Structured["compose"]; got != 3 {
		t.Errorf("%d compose files", got)
	}
}

// TestRunNothing: a file that holds nothing counts where it stands as what it is read as, once, and so does each other one.
func TestRunNothing(t *testing.T) {
	m := &memory{
		texts: []string{"services:\n  a:\n    image: x\n", "services:\n  b:\n    image: x\n", "services:\n  c:\n    image: x\n"},
		paths: map[int][]string{0: {"compose.yml", "docker-compose.yml", "a/compose.yml"}, 1: {"README.md", "b/compose.yml"}, 2: {"README.md"}},
		order: []int{0, 1, 2},
	}
	for range 2 {
		res, err := scan.Run(t.Context(), m, serviceDetector(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Stats.Structured["compose"]; got != 2 || len(res.Findings) > 0 {
			t.Errorf("%d compose files, %d findings", got, len(res.Findings))
		}
	}
}
