// Package content makes up the files of made repositories: sources, a text, Dockerfiles, compose and .env files, which people
// edit, and secrets that are made when they are planted: none stands in this source.
//
// The same random numbers give the same files on every platform. It knows neither git nor rummage.
//
// Concurrency: a File is for one goroutine at a time.
package content

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

// File is one file, as lines.
type File struct {
	base    string
	random  *rand.Rand
	lines   []string
	planted int // where a secret is, or -1
}

// New makes the first version of a file of such a name: sizes are spread as those of sources are, around 5 KB.
func New(name string, random *rand.Rand) *File {
	f := &File{base: path.Base(name), random: random, planted: -1}
	n := int(min(max(math.Exp(random.NormFloat64()*0.8+4.9), 25), 500))
	if f.base != "README.md" && !strings.HasSuffix(f.base, ".go") {
		n = 10 + random.IntN(40)
	}
	f.lines = append(f.lines, f.head()...)
	for range n {
		f.lines = append(f.lines, f.line())
	}
	return f
}

// Edit changes a few lines, mostly near each other: some new, some gone, some other ones. A secret goes.
func (f *File) Edit() {
	if f.planted >= 0 {
		f.lines = slices.Delete(f.lines, f.planted, f.planted+1)
		f.planted = -1
	}
	head := len(f.head())
	at := head + f.random.IntN(len(f.lines)-head)
	for range 1 + f.random.IntN(6) {
		switch k := f.random.IntN(10); {
		case k < 4 && len(f.lines) < 600:
			f.lines = slices.Insert(f.lines, at, f.line())
		case k < 7 && len(f.lines) > head+10:
			f.lines = slices.Delete(f.lines, at, at+1)
		default:
			f.lines[at] = f.line()
		}
		at = min(max(head, at+f.random.IntN(5)-1), len(f.lines)-1)
	}
}

// Plant puts a secret in, made here and now: an access key's id with a password.
func (f *File) Plant() {
	value := f.draw("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 24)
	secret := fmt.Sprintf("\tdb%sword := %q", "Pass", value)
	switch f.base {
	case "Dockerfile":
		secret = "ENV DB_PASS" + "WORD=" + value
	case "docker-compose.yml":
		secret = "      DB_PASS" + "WORD: " + value
	case ".env.sample":
		secret = "DB_PASS" + "WORD=" + value
	}
	f.planted = len(f.head())
	f.lines = slices.Insert(f.lines, f.planted, secret)
}

func (f *File) draw(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[f.random.IntN(len(alphabet))]
	}
	return string(b)
}

// Text appends the file to b.
func (f *File) Text(b []byte) []byte {
	for _, line := range f.lines {
		b = append(append(b, line...), '\n')
	}
	return b
}

func (f *File) word() string { return Words[f.random.IntN(len(Words))] }

// harmless is a word that names no secret: what a settings file gives such a name would be one.
func (f *File) harmless() string {
	for {
		switch w := f.word(); w {
		case "key", "password", "secret", "token":
		default:
			return w
		}
	}
}

// head is what the file starts with; edits leave it alone.
func (f *File) head() []string {
	switch f.base {
	case "Dockerfile":
		return []string{"FROM debian:bookworm-slim", "WORKDIR /srv"}
	case "docker-compose.yml":
		return []string{"services:", "  app:", "    image: example/app:1.2", "    environment:"}
	case ".env.sample":
		return []string{"# sample settings"}
	case "README.md":
		return []string{"# Notes", ""}
	}
	return []string{"package main", "", "import \"fmt\"", ""}
}

// line is one more line of the file. What looks like an assignment is common, as it is in sources.
func (f *File) line() string {
	a, b, c, n := f.word(), f.word(), f.word(), f.random.IntN(10000)
	if f.base != "README.md" && !strings.HasSuffix(f.base, ".go") {
		a, b = f.harmless(), f.harmless()
	}
	switch f.base {
	case "Dockerfile":
		return f.choose("RUN apt-get update && apt-get install -y "+a+" "+b, "ENV "+strings.ToUpper(a)+"_"+strings.ToUpper(b)+"="+fmt.Sprint(n),
			"COPY "+a+" /srv/"+b, "# "+a+" needs the "+b)
	case "docker-compose.yml":
		return fmt.Sprintf("      %s_%s%d: %q", strings.ToUpper(a), strings.ToUpper(b), n, c)
	case ".env.sample":
		return fmt.Sprintf("%s_%s=%s%d", strings.ToUpper(a), strings.ToUpper(b), c, n)
	case "README.md":
		return fmt.Sprintf("The %s %ss the %s before it %ss (see %s, %d).", a, b, c, f.word(), f.word(), n)
	}
	return f.choose(fmt.Sprintf("func %s%s%d(%s int) error {", a, strings.ToUpper(b[:1])+b[1:], n, c), "}", "",
		fmt.Sprintf("\tif %s := %s(%s, %d); %s != nil {", a, b, c, n, a), "\t\treturn "+a,
		fmt.Sprintf("\t%s = append(%s, %s[%d])", a, a, b, n%64), fmt.Sprintf("\tfmt.Println(%q, %s)", a+" "+b, c),
		fmt.Sprintf("\t// %s: the %s of a %s is its %s, unless it %ss", a, b, c, f.word(), f.word()),
		fmt.Sprintf("\t%s.%s = &%s{key: %s.%s(), token: %d}", a, b, c, a, f.word(), n))
}

func (f *File) choose(lines ...string) string { return lines[f.random.IntN(len(lines))] }

// Words are what texts are made of; among them some that rules look for.
var Words = strings.Fields(`account answer bucket buffer cache channel client commit config counter cursor daemon
	delta digest driver engine entry error event field filter folder format frame handle header index input journal
	key label lease level limit list lock log map match member message meter name node number object offset option
	order output packet page parser password path peer pointer policy pool port queue range reader record region
	registry request result root route rule sample scan schema secret segment server session shard signal size slot
	source stage state stream string table task thread timer token tree user value vector version view walk window`)
