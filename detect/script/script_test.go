package script

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"rummage/detect/interpolate"
)

// forms are files with what is read of them, as context name=value; the contexts without "script." and "command.". A
// reference is marked ?, a value with references in it ~.
var forms = []struct{ file, text, want string }{
	{"a.sh", "#!/bin/sh\nDB_PASSWORD=hunter2\n", "variable DB_PASSWORD=hunter2"},
	{"a.sh", "export A='hun$er2' B=\"c d\"\nreadonly E=f; local G=h", "variable A=hun$er2 q, variable B=c d q, variable E=f, variable G=h"},
	{"a.sh", "A=$B C=${D} E=x$F G='$H' I=$(cat x) J=`x`", "variable A=$B ?, variable C=${D} ?, variable E=x$F ~, variable G=$H q, variable I=$(cat x) ?, variable J=`x` ?"},
	{"a.sh", "A=${B:-hunter2}", "variable A=${B:-hunter2} ?, default B=hunter2, variable A=hunter2"},
	{"a.sh", "A=${B:+hunter2}; x ${B:+\"c\"} ${D+e} ${F:-g}", "variable A=${B:+hunter2} ?, variable A=hunter2, default F=g"},
	{"a.sh", ": ${TOKEN:=hunter2} ; x '${B:-c}'", "default TOKEN=hunter2"},
	{"a.sh", "A=b\\\nc", "variable A=bc"},
	{"a.sh", "PGPASSWORD=hunter2 psql; env A=b x; sudo C=d x", "variable PGPASSWORD=hunter2, variable A=b, variable C=d"},
	{"a.sh", "mysql -phunter2 && docker login -p \"$PW\" -u a", "password -p=hunter2, password -p=$PW ? q"},
	{"a.sh", "curl -u a:${P:-hunter2}", "password -u=${P:-hunter2} ?, default P=hunter2, password -u=hunter2"},
	{"a.sh", "docker run -e A=b -e C=$D img", "env A=b, env C=$D ?"},
	{"a.sh", "echo \"A=hunter2\" >> .env; printf 'B=hunter3\\n' > x; echo a=b c", "text A=hunter2 q, text B=hunter3 q, text a=b"},
	{"a.sh", "cat > .env <<E\nA=b\nexport C = \"d\"\nnot this\nE\nF=g", "text A=b, text C=d q, variable F=g"},
	{"a.sh", "ssh h <<E\nx\nE\nbash <<E\nmysql -phunter2\nE", "password -p=hunter2"},
	{"a.sh", "su -c 'A=b mysql -phunter2'", "variable A=b, password -p=hunter2"},
	{"a.sh", "echo root:hunter2 | chpasswd", "password chpasswd=hunter2"},
	{"a.sh", "# A=b\nx # B=c\ny", ""},
	{"a.sh", "if [ \"$A\" = b ]; then C=d; fi; for i in a=b; do E=f x; done", "variable C=d, variable E=f"},
	{"a.sh", "f() { local P=hunter2; }", "variable P=hunter2"},
	{"a.sh", "app --api-key hunter2 --user x", "flag api-key=hunter2"},
	{"a.sh", "A=\r\nB=c\r\n", "variable A=, variable B=c"},
	{"a.sh", "", ""},
	{".bash_history", "mysql -phunter2\nls", "password -p=hunter2"},
	{".zsh_history", ": 1600000000:0;mysql -phunter2", "password -p=hunter2"},

	{"Makefile", "A = b\nC := d # e\nF ?= g\nH += i\nJ ::= k\n", "variable A=b, variable C=d, variable F=g, variable H=i, variable J=k"},
	{"Makefile", "export A=hunter2\noverride B := \"c\"\nx: D = e\nunexport\n", "variable A=hunter2, variable B=c q, variable D=e"},
	{"Makefile", "A = $(B)\nC = ${D}-x\nE = pa$$word\n", "variable A=$(B) ?, variable C=${D}-x ~, variable E=pa$word"},
	{"Makefile", "a: b\n\t@mysql -phunter2 -u $(U)\n\t-@curl -u a:$(PW)\n", "password -p=hunter2, password -u=$(PW) ?"},
	{"Makefile", "a:\n\tA=b x; docker run -e C=$$D e\n", "variable A=b, env C=$D ?"},
	{"Makefile", "a:\n\tcurl \\\n\t  -u a:hun\\\n\tter2\n\tB=c\n", "password -u=hunter2, variable B=c"},
	{"Makefile", "X := $(shell curl -u a:hunter2 h)\nY != mysql -phunter3\n", "variable X=$(shell curl -u a:hunter2 h) ?, password -p=hunter3"},
	{"Makefile", "ifeq ($(A),b)\nendif\ninclude a=b\na: b\n.PHONY: c\n# D = e\n", ""},
	{"rules.mk", "A=b", "variable A=b"},

	{"Justfile", "a := \"hunter2\"\nexport B := 'c'\nd := a + 'e'\nf := env_var('G')\n", "variable a=hunter2 q, variable B=c q"},
	{"justfile", "a b:\n    @mysql -phunter2\n    curl -u a:{{ pw }}\n", "password -p=hunter2, password -u={{ pw }} ?"},
	{"Justfile", "a:\n  #!/bin/bash\n  A=b\n  cat > c <<E\n  D=e\n  E\nf := 'g'\n", "variable A=b, text D=e, variable f=g q"},
	{"Justfile", "a:\n  #!/usr/bin/env python\n  A=b\nf := 'g'\n", "variable f=g q"},

	{"Procfile", "web: A=b gunicorn --token hunter2\n# x\nworker: redis-server --requirepass hunter3", "variable A=b, flag token=hunter2, password --requirepass=hunter3"},

	{"Jenkinsfile", "steps {\n  sh 'mysql -phunter2'\n  sh \"curl -u a:${PW}\"\n}", "password -p=hunter2, password -u=${PW} ?"},
	{"Jenkinsfile", "sh '''\n  docker login -p hunter2\n  A=b\n'''\nsh(\"\"\"curl -u \\\"a:hunter3\\\" \\$X\"\"\")", "password -p=hunter2, variable A=b, password -u=hunter3"},
	{"Jenkinsfile", "x = sh(returnStdout: true, script: 'mysql -phunter2').trim()\nsh script: \"mysql -phunter3\"", "password -p=hunter2, password -p=hunter3"},
	{"Jenkinsfile", "environment {\n  TOKEN = 'hunter2'\n  REF = credentials('x')\n  E = \"${env.X}\"\n}\ndef pw = 'a\\'b'", "variable TOKEN=hunter2 q, variable E=${env.X} ? q, variable pw=a'b q"},
	{"Jenkinsfile", "// sh 'mysql -phunter2'\necho 'sh'\npublish 'mysql -pa'\nsh x\nsh", ""},
}

func show(data []byte, e Entry) string {
	value := e.Decoded
	if value == nil {
		value = e.Value.Of(data)
	}
	_, context, _ := strings.Cut(string(e.Context), ".")
	s := fmt.Sprintf("%s %s=%s", context, e.Name.Of(data), value)
	s += map[interpolate.Form]string{interpolate.Reference: " ?", interpolate.Mixed: " ~"}[e.Form]
	if e.Quoted {
		s += " q"
	}
	return s
}

func TestForms(t *testing.T) {
	for _, form := range forms {
		data := []byte(form.text)
		var got []string
		for _, e := range parse(form.file, data) {
			got = append(got, show(data, e))
		}
		if s := strings.Join(got, ", "); s != form.want {
			t.Errorf("%s: %q\n got %s\nwant %s", form.file, form.text, s, form.want)
		}
		check(t, form.file, data)
	}
}

// check reads a file and checks that every place lies in it and points at what is reported.
func check(t *testing.T, file string, data []byte) {
	for _, e := range parse(file, data) {
		if e.Name.Start < 0 || e.Name.Start >= e.Name.End || e.Name.End > len(data) || e.Value.Start < 0 || e.Value.Start > e.Value.End || e.Value.End > len(data) {
			t.Fatalf("%s: %+v of %d bytes", file, e, len(data))
		}
		if e.Refers != (e.Form == interpolate.Reference) {
			t.Fatalf("%s: %+v", file, e)
		}
		if e.Context == "" || e.Decoded == nil && (e.Form == interpolate.Empty) != (len(bytes.TrimSpace(e.Value.Of(data))) == 0) {
			t.Fatalf("%s: %+v is %q", file, e, e.Value.Of(data))
		}
	}
}

// parse reads a file as what it is by its name.
func parse(base string, data []byte) []Entry {
	k, _ := Recognize(base)
	return k.Parse(data)
}

func TestNames(t *testing.T) {
	yes := map[string]Kind{"a.sh": Shell, "A.BASH": Shell, "x.zsh": Shell, "x.ksh": Shell, "a.sh.j2": Shell, ".bashrc": Shell, ".bash_history": Shell,
		"Makefile": Makefile, "makefile": Makefile, "GNUmakefile": Makefile, "x.mk": Makefile, "Makefile.in": Makefile, "Makefile.common": Makefile,
		"Justfile": Justfile, ".justfile": Justfile, "a.just": Justfile, "Procfile": Procfile, "Procfile.dev": Procfile, "Jenkinsfile": Jenkinsfile,
		"Jenkinsfile.release": Jenkinsfile, "Jenkinsfile-x": Jenkinsfile, "x.jenkinsfile": Jenkinsfile}
	for name, want := range yes {
		if k, ok := Recognize(name); !ok || k != want {
			t.Errorf("%s: %v %v", name, k, ok)
		}
	}
	for _, name := range []string{"", "sh", "a.py", "a.shx", "Makefiles", "jenkins", "jenkinsfiles", "procfiles", "a", ".sh.j2x", ".j2", "bashrc.md", strings.Repeat("a", 300) + ".sh"} {
		if _, ok := Recognize(name); ok {
			t.Errorf("%s is none", name)
		}
	}
	for text, want := range map[string]bool{"#!/bin/sh\n": true, "#!/usr/bin/env bash": true, "#!/bin/bash -e\nx": true, "#!/usr/bin/python\n": false, "": false, "sh": false, "#!": false} {
		if LooksLikeShell([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, form := range forms {
		f.Add(form.file, []byte(form.text))
	}
	f.Fuzz(func(t *testing.T, file string, data []byte) {
		if len(data) < 1<<16 {
			check(t, file, data)
		}
	})
}

// TestLinear: files of one piece again and again take no more than linear time.
func TestLinear(t *testing.T) {
	for _, file := range []string{"a.sh", "Makefile", "Justfile", "Procfile", "Jenkinsfile"} {
		for _, piece := range []string{"a:", "a:\t", "export ", "sh(", "sh '", "sh \"", "'", "\"\"\"", "$$", "\\\n\t", "\t$$(\n", "  #!/bin/sh\n", "a=", "${A:-", "sh -c '", "\t", "\\\n", "A=$(", "echo A=b ", "<<E\n", "sh script: ", "curl -u a:b\n"} {
			data := []byte(strings.Repeat(piece, 1<<18/len(piece)))
			began := time.Now()
			parse(file, data)
			if d := time.Since(began); d > 20*time.Second {
				t.Errorf("%s of %q: %v for %d bytes", file, piece, d, len(data))
			}
		}
	}
}

// scriptText is a script of the usual kind.
const scriptText = `#!/usr/bin/env bash
# Builds the image and puts it into the registry.
set -euo pipefail

REGISTRY="${REGISTRY:-registry.example.test}"
VERSION=$(git describe --tags --always)
export DB_PASSWORD=hunter2

log() {
    echo "[$(date +%H:%M:%S)] $*" >&2
}

if [[ -z "${TOKEN:-}" ]]; then
    log "no token is given, the image will not be pushed"
    exit 1
fi

for service in api web worker; do
    log "building $service"
    docker build --build-arg VERSION="$VERSION" -t "$REGISTRY/$service:$VERSION" -f "$service/Dockerfile" .
    docker push "$REGISTRY/$service:$VERSION" || { log "failed"; exit 1; }
done

cat > config.ini <<EOF
[database]
host = localhost
password = $DB_PASSWORD
EOF
curl -fsSL -H "Accept: application/json" "https://example.test/api/v1/deploy?version=$VERSION" | jq -r '.status' > status
`

func BenchmarkParse(b *testing.B) {
	recipes := strings.ReplaceAll("\n"+scriptText, "\n", "\n\t")
	for file, text := range map[string]string{"a.sh": scriptText, "Makefile": "all:" + recipes + "\nA := b\n", "Jenkinsfile": "sh '''" + strings.ReplaceAll(scriptText, "'", "\"") + "'''\n"} {
		b.Run(file, func(b *testing.B) {
			data := []byte(strings.Repeat(text, 100))
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				parse(file, data)
			}
		})
	}
}
