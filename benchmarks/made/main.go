// Command made writes a made repository of any size as a stream for git fast-import.
//
//	made -commits N | git fast-import --depth=50
//
// A repository of N commits has about 3 N objects. Three commits of four edit one file, two of those in a folder (a
// blob, two trees) and one at the root (a blob, a tree); the fourth merges them back and has no object but itself. The
// files, some 1,200 of 1 to 20 KB, are sources, and a few Dockerfiles, compose and .env files; few of them are edited
// often and many seldom. They grow with their edits, as files do: from 5 KB to 14 KB on average in a million commits, so
// that the bytes of all blobs grow faster than commits. One commit of a thousand plants a secret, which the next edit of
// that file takes out.
//
// The blobs of a file come one after another, so that fast-import stores them as deltas, as packing would: the pack needs
// no repacking. Unlike git's packing, chains go from the oldest version to the newest.
//
// The same N gives the same stream on every platform, and no secret stands in this source. The last line on standard
// error has "planted=N blobs=N bytes=N". The program knows nothing of rummage.
//
// Concurrency: none.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path"

	"rummage/benchmarks/content"
)

const (
	folders   = 30
	perFolder = 40
	atRoot    = 24
	// plantEvery is of edits, of which there are three to four commits.
	plantEvery = 750
)

func main() {
	commits := flag.Int("commits", 1000, "commits of the repository, merges included")
	seed := flag.Uint64("seed", 1, "another repository of the same shape")
	flag.Parse()
	r, err := write(os.Stdout, *commits, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "made:", err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "planted=%d blobs=%d bytes=%d\n", r.planted, len(r.edits), r.bytes)
}

// write writes the stream and tells what is in it.
func write(w io.Writer, commits int, seed uint64) (*repository, error) {
	if commits < 1 {
		return nil, fmt.Errorf("%d commits, want 1 or more", commits)
	}
	out := bufio.NewWriterSize(w, 1<<20)
	r := &repository{out: out, random: rand.New(rand.NewPCG(seed, 4))}
	r.plan(commits)
	r.writeBlobs()
	r.writeCommits(commits)
	return r, out.Flush()
}

// repository is one that is being written.
type repository struct {
	out     *bufio.Writer
	random  *rand.Rand
	files   []string
	edits   []uint16 // of each edit, in the order of commits: the file
	planted int
	bytes   int64
}

// plan says which file each edit is of.
func (r *repository) plan(commits int) {
	for i := range atRoot {
		r.files = append(r.files, name(r.random, i))
	}
	for f := range folders {
		folder := fmt.Sprintf("%s%d", content.Words[f%len(content.Words)], f)
		for i := range perFolder {
			r.files = append(r.files, path.Join(folder, name(r.random, i)))
		}
	}
	for c := range commits {
		switch c % 4 {
		case 0, 1:
			r.edits = append(r.edits, uint16(atRoot+r.skewed(folders*perFolder)))
		case 2:
			r.edits = append(r.edits, uint16(r.skewed(atRoot)))
		}
	}
}

// skewed draws below n, with most draws among a fifth of the numbers, spread over the whole range.
func (r *repository) skewed(n int) int {
	i := int(math.Pow(r.random.Float64(), 3) * float64(n))
	return i * 7 % n // 7 divides neither number of files
}

// name is a file's in a folder: mostly sources, the first ones what describes a container.
func name(random *rand.Rand, i int) string {
	switch i {
	case 0:
		return "Dockerfile"
	case 1:
		return "docker-compose.yml"
	case 2:
		return ".env.sample"
	case 3:
		return "README.md"
	}
	return fmt.Sprintf("%s_%s%d.go", content.Words[random.IntN(len(content.Words))], content.Words[random.IntN(len(content.Words))], i)
}

// writeBlobs writes the versions of each file in turn. Blob number e, from 1, is that of edit e-1.
func (r *repository) writeBlobs() {
	versions := make([][]int32, len(r.files))
	for e, f := range r.edits {
		versions[f] = append(versions[f], int32(e))
	}
	var text []byte
	for f, edits := range versions {
		file := content.New(r.files[f], rand.New(rand.NewPCG(uint64(f), 5)))
		for i, e := range edits {
			if i > 0 {
				file.Edit()
			}
			if e%plantEvery == plantEvery/2 {
				file.Plant()
				r.planted++
			}
			text = file.Text(text[:0])
			fmt.Fprintf(r.out, "blob\nmark :%d\ndata %d\n", e+1, len(text))
			r.out.Write(text)
			r.out.WriteByte('\n')
			r.bytes += int64(len(text))
		}
	}
}

// writeCommits writes edits as branches of three commits, each merged into main by a fourth.
func (r *repository) writeCommits(commits int) {
	const first = 1_600_000_000
	main, tip, edit := 0, 0, 0 // marks of commits: the number of blobs and their own
	base := len(r.edits)
	for c := range commits {
		mark := base + c + 1
		branch := "refs/heads/main"
		fmt.Fprintf(r.out, "commit %s\nmark :%d\n", branch, mark)
		author := content.Words[c/4%len(content.Words)]
		fmt.Fprintf(r.out, "author %s <%s@example.com> %d +0000\n", author, author, first+c*300)
		fmt.Fprintf(r.out, "committer %s <%s@example.com> %d +0000\n", author, author, first+c*300)
		if c%4 == 3 {
			message := fmt.Sprintf("Merge branch %s-%d\n", author, c/4)
			fmt.Fprintf(r.out, "data %d\n%s", len(message), message)
			r.merge(main, tip, edit)
			main, tip = mark, mark
			continue
		}
		file := r.files[r.edits[edit]]
		message := fmt.Sprintf("%s: %s the %s\n\nSo that %s and %s agree (%d).\n", file, content.Words[c%len(content.Words)], content.Words[c/3%len(content.Words)],
			content.Words[c/5%len(content.Words)], content.Words[c/7%len(content.Words)], c)
		fmt.Fprintf(r.out, "data %d\n%s", len(message), message)
		if tip != 0 {
			fmt.Fprintf(r.out, "from :%d\n", tip)
		}
		fmt.Fprintf(r.out, "M 100644 :%d %s\n\n", edit+1, file)
		tip = mark
		edit++
	}
}

// merge writes what a merge of tip into main is, given the number of edits so far: the three on tip's branch are new to
// main. The first merge has no main to go to.
func (r *repository) merge(main, tip, edits int) {
	if main == 0 {
		fmt.Fprintf(r.out, "from :%d\n\n", tip)
		return
	}
	fmt.Fprintf(r.out, "from :%d\nmerge :%d\n", main, tip)
	for e := edits - 3; e < edits; e++ {
		fmt.Fprintf(r.out, "M 100644 :%d %s\n", e+1, r.files[r.edits[e]])
	}
	r.out.WriteByte('\n')
}
