package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"rummage/benchmarks/content"
)

const started = 1_600_000_000 // when the first commits are from

func (p plan) random(kind, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(p.seed<<8|kind, number))
}

// skewed draws below n, low numbers more often.
func skewed(random *rand.Rand, n int) int { return int(math.Pow(random.Float64(), 2) * float64(n)) }

// original makes an original and its forks.
func (p plan) original(dir string, number int, forks []int) (total, error) {
	r := &repository{random: p.random(1, uint64(number)), number: number}
	if number%5 == 0 {
		r.secrets = 1 + r.random.IntN(3)
	}
	path := filepath.Join(dir, "originals", fmt.Sprintf("o%05d.git", number))
	if err := git(nil, "init", "-q", "--bare", "-b", "main", path); err != nil {
		return r.total, err
	}
	if err := importInto(path, r.write(p.commits), true); err != nil {
		return r.total, err
	}
	for _, f := range forks {
		fork := filepath.Join(dir, "forks", fmt.Sprintf("f%05d.git", f))
		if err := git(nil, "clone", "-q", "--bare", path, fork); err != nil {
			return r.total, err
		}
		random := p.random(2, uint64(f))
		if own := random.IntN(4); own > 0 {
			if err := importInto(fork, more(random, own, fmt.Sprintf("fork%d", f)), false); err != nil {
				return r.total, err
			}
		}
	}
	return r.total, nil
}

// repository is an original that is being made.
type repository struct {
	total
	random  *rand.Rand
	number  int
	names   []string
	out     bytes.Buffer
	secrets int
}

// write gives the stream of all its commits. The versions of a file come one after another, so that they become deltas.
func (r *repository) write(commits int) []byte {
	r.names = append(r.names, "Dockerfile", "docker-compose.yml", ".env.sample", "README.md", "logo.png")
	r.names = append(r.names, r.sources(5+r.random.IntN(31))...)
	first := len(r.names)
	changed := make([][]int, commits) // of each commit: files
	for i := range first {
		changed[0] = append(changed[0], i)
	}
	for c := 1; c < commits; c++ {
		if r.random.IntN(8) == 0 {
			r.names = append(r.names, r.sources(1)...)
			changed[c] = append(changed[c], len(r.names)-1)
			continue
		}
		for range 1 + r.random.IntN(3) {
			if f := skewed(r.random, len(r.names)); f != 4 && !slices.Contains(changed[c], f) {
				changed[c] = append(changed[c], f)
			}
		}
		if len(changed[c]) == 0 {
			changed[c] = []int{3}
		}
	}
	r.commits(changed, r.versions(changed))
	return r.out.Bytes()
}

func (r *repository) sources(n int) (names []string) {
	for range n {
		a, b := content.Words[r.random.IntN(len(content.Words))], content.Words[r.random.IntN(len(content.Words))]
		names = append(names, fmt.Sprintf("%s/%s_%d.go", a, b, len(r.names)+len(names)))
	}
	return names
}

// versions writes the blobs of each file, and gives the mark of each change of each commit.
func (r *repository) versions(changed [][]int) [][]int {
	marks := make([][]int, len(changed))
	of := make([][][2]int, len(r.names)) // of each file: commit and number of the change in it
	for c, files := range changed {
		marks[c] = make([]int, len(files))
		for i, f := range files {
			of[f] = append(of[f], [2]int{c, i})
		}
	}
	var text []byte
	plant := r.plants(of)
	for f, at := range of {
		random := rand.New(rand.NewPCG(r.random.Uint64(), uint64(r.number)))
		file := content.New(r.names[f], random)
		for i, change := range at {
			if i > 0 {
				file.Edit()
			}
			switch {
			case plant[change] && random.IntN(2) == 0:
				file.PlantToken()
			case plant[change]:
				file.Plant()
			}
			if text = file.Text(text[:0]); f == 4 {
				text = picture(random, text[:0])
			}
			r.blobs++
			r.bytes += int64(len(text))
			marks[change[0]][change[1]] = r.blobs
			fmt.Fprintf(&r.out, "blob\nmark :%d\ndata %d\n%s\n", r.blobs, len(text), text)
		}
	}
	return marks
}

// plants chooses the changes that bring a secret in: none of a text, where what looks like one is an example.
func (r *repository) plants(of [][][2]int) map[[2]int]bool {
	var all [][2]int
	for f, at := range of {
		if f != 3 && f != 4 {
			all = append(all, at...)
		}
	}
	chosen := map[[2]int]bool{}
	for range r.secrets {
		if len(all) > 0 {
			chosen[all[r.random.IntN(len(all))]] = true
		}
	}
	r.planted += len(chosen)
	return chosen
}

// picture is bytes that are no text.
func picture(random *rand.Rand, b []byte) []byte {
	b = append(b, "\x89PNG\r\n\x1a\n\x00\x00"...)
	for range 2000 + random.IntN(30000) {
		b = append(b, byte(random.Uint32()))
	}
	return b
}

// commits writes the commits: main, a branch that ended in the middle, and a tag.
func (r *repository) commits(changed, marks [][]int) {
	for c := range changed {
		when := started + r.number*61 + c*86_000
		who := content.Words[(r.number+c/9)%len(content.Words)]
		message := fmt.Sprintf("%s: %s the %s\n", r.names[changed[c][0]], content.Words[r.random.IntN(len(content.Words))], content.Words[r.random.IntN(len(content.Words))])
		fmt.Fprintf(&r.out, "commit refs/heads/main\nmark :%d\nauthor %s <%s@example.com> %d +0000\ncommitter %s <%s@example.com> %d +0000\ndata %d\n%s",
			r.blobs+c+1, who, who, when, who, who, when, len(message), message)
		for i, f := range changed[c] {
			fmt.Fprintf(&r.out, "M 100644 :%d %s\n", marks[c][i], r.names[f])
		}
		r.out.WriteByte('\n')
	}
	last := r.blobs + len(changed)
	fmt.Fprintf(&r.out, "reset refs/heads/next\nfrom :%d\n\nreset refs/tags/v1\nfrom :%d\n\n", r.blobs+(len(changed)+1)/2, last)
}

// more is a stream of commits on main, each with one or two files of its own.
func more(random *rand.Rand, commits int, name string) []byte {
	var out bytes.Buffer
	for c := range commits {
		message := fmt.Sprintf("%s: more (%d)\n", name, c)
		fmt.Fprintf(&out, "commit refs/heads/main\ncommitter B <b@example.com> %d +0000\ndata %d\n%s", started+20_000_000+c*60+random.IntN(50), len(message), message)
		if c == 0 {
			out.WriteString("from refs/heads/main^0\n")
		}
		for i := range 1 + random.IntN(2) {
			text := content.New("more.go", random).Text(nil)
			fmt.Fprintf(&out, "M 100644 inline %s/more_%d.go\ndata %d\n%s\n", name, i, len(text), text)
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// touch adds a commit to some repositories, as a push brings it: in loose objects.
func touch(dir string, percent float64, seed uint64) (int, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*", "*.git"))
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("%s: no fleet", dir)
	}
	random := plan{seed: seed}.random(3, 0)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:min(len(all), max(1, int(math.Round(float64(len(all))*percent/100))))]
	for i, path := range all {
		if err := importInto(path, more(random, 1, fmt.Sprintf("touched%d", i)), false); err != nil {
			return i, err
		}
	}
	return len(all), nil
}

// importInto has git read a stream, into a pack or loose objects.
func importInto(path string, stream []byte, pack bool) error {
	limit := "100"
	if pack {
		limit = "1"
	}
	return git(bytes.NewReader(stream), "-C", path, "-c", "fastimport.unpackLimit="+limit, "-c", "core.fsync=none", "fast-import", "--quiet", "--depth=50")
}

func git(in io.Reader, args ...string) error {
	cmd := exec.Command("git", args...)
	cmd.Stdin = in
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %v: %w: %s", args, err, bytes.TrimSpace(out))
	}
	return nil
}
