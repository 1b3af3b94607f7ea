package imagescan

import (
	"bufio"
	"bytes"
	"io"
	"path"
	"strings"
)

// packages are the lists of files that package managers left in a layer. What a package ships is public where the package
// is, so a credential in such a file is hardly one of those who built the image: examples of documentation, keys of tests.
// It is told all the same, with less weight. A list speaks of the files of its own layer alone, and not of /etc, where
// installed files are changed.
type packages struct {
	left  *memoryBudget
	lists []packageList
}

// packageList is a list and what it is.
type packageList struct {
	kind listKind
	path string
	data []byte
}

type listKind uint8

const (
	notList    listKind = iota
	dpkgList            // dpkg: one absolute path a line (/var/lib/dpkg/info/*.list)
	dpkgSums            // distroless: md5sums of files (/var/lib/dpkg/status.d/*.md5sums)
	apkDB               // apk: F: folder, R: file in it (/lib/apk/db/installed)
	pythonList          // pip and its kind: path,hash,size, relative to the folder around (*.dist-info/RECORD; PEP 376)
)

func listKindOf(name string) listKind {
	dir, base := path.Split(name)
	switch {
	case dir == "/var/lib/dpkg/info/" && strings.HasSuffix(base, ".list"):
		return dpkgList
	case dir == "/var/lib/dpkg/status.d/" && strings.HasSuffix(base, ".md5sums"):
		return dpkgSums
	case name == "/lib/apk/db/installed" || name == "/usr/lib/apk/db/installed":
		return apkDB
	case base == "RECORD" && strings.HasSuffix(dir, ".dist-info/"):
		return pythonList
	}
	return notList
}

// take holds a list in memory, and gives its content to be read once more; nil if it is none.
func (p *packages) take(name string, r io.Reader, size int64) (io.Reader, error) {
	kind := listKindOf(name)
	if kind == notList || !p.left.take(size) {
		return nil, nil // without it, what the package ships has its full weight
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	p.lists = append(p.lists, packageList{kind, name, data})
	return bytes.NewReader(data), nil
}

// mark marks those of the candidates that a package ships.
func (p *packages) mark(found []candidate) {
	if len(p.lists) == 0 || len(found) == 0 {
		return
	}
	byPath := map[string][]*candidate{}
	for i := range found {
		c := &found[i]
		if strings.HasPrefix(c.file, "/etc/") {
			continue
		}
		file := pythonSource(c.file)
		byPath[file] = append(byPath[file], c)
		// Distributions whose /lib is a link to /usr/lib list files by either name.
		if short, ok := strings.CutPrefix(file, "/usr"); ok {
			byPath[short] = append(byPath[short], c)
		}
	}
	for _, l := range p.lists {
		l.each(func(file string) {
			for _, c := range byPath[file] {
				c.packaged = true
			}
		})
	}
}

// each gives the absolute paths of a list.
func (l *packageList) each(visit func(string)) {
	folder := "" // of apk
	site := path.Dir(path.Dir(l.path))
	lines := bufio.NewScanner(bytes.NewReader(l.data))
	lines.Buffer(nil, 2*maxName)
	for lines.Scan() {
		line := lines.Text()
		switch l.kind {
		case dpkgList:
			visit(line)
		case dpkgSums:
			if _, file, ok := strings.Cut(line, "  "); ok {
				visit(clean(file))
			}
		case apkDB:
			if name, ok := strings.CutPrefix(line, "F:"); ok {
				folder = name
			} else if name, ok := strings.CutPrefix(line, "R:"); ok {
				visit(clean(folder + "/" + name))
			}
		case pythonList:
			if file, _, ok := strings.Cut(line, ","); ok {
				visit(path.Join(site, strings.Trim(file, `"`)))
			}
		}
	}
}

// pythonSource is the file that a compiled one was made of at its installation (PEP 3147); other files are their own.
func pythonSource(file string) string {
	dir, base := path.Split(file)
	folder, ok := strings.CutSuffix(dir, "__pycache__/")
	name, _, dotted := strings.Cut(base, ".")
	if !ok || !dotted || !strings.HasSuffix(base, ".pyc") {
		return file
	}
	return folder + name + ".py"
}
