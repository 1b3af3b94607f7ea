package oracle

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"rummage/detect/compose"
	"rummage/detect/dotenv"
)

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // variables that are not set
	os.Exit(m.Run())
}

type file struct {
	name string
	data []byte
}

// files are those of the repositories that the environment names whose last part of the name is wanted.
func files(t *testing.T, want func(base string) bool) []file {
	t.Helper()
	var all []file
	for _, dir := range strings.FieldsFunc(os.Getenv("RUMMAGE_ORACLE_REPOS"), func(r rune) bool { return r == ':' }) {
		found, err := repository(dir, want)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		all = append(all, found...)
	}
	return all
}

func repository(dir string, want func(base string) bool) ([]file, error) {
	listing, err := exec.Command("git", "--git-dir="+dir, "ls-tree", "-r", "-z", "HEAD").Output()
	if err != nil {
		return nil, err
	}
	var names []string
	var hashes strings.Builder
	for _, line := range strings.Split(string(listing), "\x00") {
		meta, name, ok := strings.Cut(line, "\t")
		fields := strings.Fields(meta)
		if !ok || fields[1] != "blob" || fields[0] == "120000" || !want(path.Base(name)) {
			continue
		}
		names = append(names, name)
		fmt.Fprintln(&hashes, fields[2])
	}
	cat := exec.Command("git", "--git-dir="+dir, "cat-file", "--batch")
	cat.Stdin = strings.NewReader(hashes.String())
	out, err := cat.Output()
	if err != nil {
		return nil, err
	}
	var all []file
	for _, name := range names {
		head, rest, _ := bytes.Cut(out, []byte("\n"))
		fields := strings.Fields(string(head))
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: %s", name, head)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			return nil, err
		}
		all = append(all, file{dir + ":" + name, rest[:size]})
		out = rest[size+1:]
	}
	return all, nil
}

// composeFiles are the tables' and the repositories' compose files.
func composeFiles(t *testing.T) []file {
	all := []file{}
	for i, text := range composeTable {
		all = append(all, file{fmt.Sprintf("table %d", i), []byte(text)})
	}
	return append(all, files(t, compose.IsCompose)...)
}

func envFiles(t *testing.T) []file {
	all := []file{}
	for i, text := range envTable {
		all = append(all, file{fmt.Sprintf("table %d", i), []byte(text)})
	}
	return append(all, files(t, dotenv.IsDotenv)...)
}

var composeTable = []string{
	"services:\n  a:\n    image: i\n    environment:\n      A: b\n      C: \"d\\\"e\"\n      F:\n      G: 'h''i'\n      J: 12\n      K: true\n",
	"services:\n  a:\n    image: i\n    environment:\n      - A=b\n      - \"C=d e\"\n      - F\n      - G=\n      - H=i=j\n",
	"services:\n  a:\n    image: i\n    environment:\n      A: ${B:-c}\n      D: ${E-f}\n      G: ${H:-${I:-j}}\n      K: x${L:-m}y\n      N: ${O:+p}\n      Q: $$r$${S}\n",
	"x-e: &e\n  A: b\n  C: d\nservices:\n  a:\n    image: i\n    environment:\n      <<: *e\n      C: x\n  b:\n    image: i\n    environment: *e\n",
	"services:\n  a:\n    image: i\n    build:\n      context: .\n      args:\n        A: b\n        C:\n      labels: [d=e]\n    labels:\n      f.g: \"h$$i\"\n    env_file: [x.env]\n",
	"services:\n  a:\n    image: i\n    environment:\n      A: |\n        b\n        c\n      D: >-\n        e\n        f\n      G: \"h\n        i\"\n",
	"services:\n  a:\n    image: i\nsecrets:\n  s:\n    file: ./s.txt\nconfigs:\n  c:\n    content: |\n      a=b$$c\n",
}

var envTable = []string{
	"A=b\nexport C=d\nE: f\nG = h \nI='j k'\nL=\"m\\n\\\"\\\\\\$n\"\nO=p # q\nR=s#t\nU=\nV=''\n",
	"A=\"b\nc\"\nD='e\nf'\nG=h\n",
	"A=b\r\nC=\"d\"\r\n\r\n# e\r\nF=g\r\n",
	"\xef\xbb\xbfA=b\n",
	"A=$$b\nC='$d'\nE=\\$f\n",
	"A.b-c[0]=d\n1E=f\n",
	"A=b=c==\nURL=postgres://u:p@h/x?y=z#w\n",
	"A=\"\\a\\b\\f\\r\\t\\v\\0101\\d\\c\"\nB='it\\'s'\n",
}
