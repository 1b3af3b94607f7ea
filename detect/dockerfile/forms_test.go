package dockerfile

import (
	"strings"
	"testing"

	"rummage/detect/assignment"
)

// forms are Dockerfiles with the assignments that are to be found in them, as show writes them; none for those that
// hold none.
var forms = []struct {
	title, text string
	want        []string
}{
	{"old form", "ENV DB_PASSWORD hunter2", []string{`env DB_PASSWORD="hunter2"`}},
	{"old form, spaces", "ENV\tA   b  c ", []string{`env A="b  c"`}},
	{"old form, quotes", `ENV A "b c"`, []string{`env A="b c"`}},
	{"old form, equals sign in the value", "ENV A b=c", []string{`env A="b=c"`}},
	{"pairs", "ENV A=b C=d", []string{`env A="b"`, `env C="d"`}},
	{"padding", "ENV A=b==", []string{`env A="b=="`}},
	{"double quotes", `ENV A="b c" D=e`, []string{`env A="b c"`, `env D="e"`}},
	{"single quotes", `ENV A='b "c"\'`, []string{`env A="b \"c\"\\"`}},
	{"escape in single quotes", `ENV A='b\' C='d e'`, []string{`env A="b\\"`, `env C="d e"`}},
	{"escaped blank", `ENV A=b\ c`, []string{`env A="b c" ("b\\ c")`}},
	{"escaped mark", `ENV A="b\"c"`, []string{`env A="b\"c" ("b\\\"c")`}},
	{"escape that is none", `ENV A="b\n"`, []string{`env A="b\\n"`}},
	{"marks in a word", `ENV A=b'c 'd`, []string{`env A="bc d" ("b'c 'd")`}},
	{"quoted name", `LABEL "a b"="c"`, []string{`label a b="c"`}},
	{"empty", "ENV A= B=\"\"", []string{`env A=""`, `env B=""`}},
	{"all in marks", `ENV "A=b c"`, []string{`env A="b c"`}},
	{"open mark", `ENV A=it's`, []string{`env A="it's"`}},
	{"lower case", "env a=b", []string{`env a="b"`}},
	{"mixed case", "eNv a=b", []string{`env a="b"`}},
	{"indented", "  \tENV A=b", []string{`env A="b"`}},
	{"two lines", "ENV A=b \\\n  C=d", []string{`env A="b"`, `env C="d"`}},
	{"split value", "ENV A=abc\\\ndef", []string{`env A="abcdef" ("abc\\\ndef")`}},
	{"split value, quoted", "ENV A=\"abc\\\ndef\"", []string{`env A="abcdef" ("abc\\\ndef")`}},
	{"split value, blank kept", "ENV A abc\\\n def", []string{`env A="abc def" ("abc\\\n def")`}},
	{"split value over a comment", "ENV A=abc\\\n# x\n\ndef", []string{`env A="abcdef" ("abc\\\n# x\n\ndef")`}},
	{"split name", "ENV A\\\nB=c", []string{"env A\\\nB=\"c\""}},
	{"doubled escape", "ENV A=b\\\\\nENV C=d", []string{`env A="b\\" ("b\\\\")`, `env C="d"`}},
	{"blanks behind the escape", "ENV A=b \\ \t\nC=d", []string{`env A="b"`, `env C="d"`}},
	{"comment goes on", "# ENV A=b \\\nENV C=d", []string{`env C="d"`, `comment A="b"`}},
	{"carriage returns", "ENV A=b \\\r\n C=d\r\n", []string{`env A="b"`, `env C="d"`}},
	{"mark of byte order", "\ufeffENV A=b", []string{`env A="b"`}},
	{"backquote escapes", "# escape=`\nENV A=c:\\x `\n B=\"`\"\"", []string{`env A="c:\\x"`, `env B="\""`}},
	{"escape directive too late", "\n# escape=`\nENV A=b `\n c", []string{`env A="b"`}},
	{"arg", "ARG A", []string{`arg A=""`}},
	{"arg with default", "ARG A=b", []string{`arg A="b"`}},
	{"args", "ARG A=1 B TOKEN='x y'", []string{`arg A="1"`, `arg B=""`, `arg TOKEN="x y"`}},
	{"arg before FROM", "ARG A=b\nFROM $A", []string{`arg A="b"`}},
	{"arg with hash", "ARG A=b#c", []string{`arg A="b#c"`}},
	{"label, old form", "LABEL a b c", []string{`label a="b c"`}},
	{"reference", "ENV A=$B C=${D}", []string{`env A="$B"`, `env C="${D}"`}},
	{"default", "ENV A=${B:-c}", []string{`env A="${B:-c}"`, `env B="c"`, `env A="c"`}},
	{"default of its own", `ENV A="${A:-c}"`, []string{`env A="${A:-c}"`, `env A="c"`}},
	{"default, quoted", `ARG A="${B:-c}"`, []string{`arg A="${B:-c}"`, `arg B="c"`, `arg A="c"`}},
	{"default, dash", "ENV A=${B-c}", []string{`env A="${B-c}"`, `env B="c"`, `env A="c"`}},
	{"alternative", "ENV A=${B:+c}", []string{`env A="${B:+c}"`, `env B="c"`}},
	{"error text", "ENV A=${B:?c}", []string{`env A="${B:?c}"`}},
	{"nested default", `ENV A=${B:-${C:-"d e"}}`, []string{`env A="${B:-${C:-\"d e\"}}"`, `env C="d e"`}},
	{"mixed default", `ENV A=${B:-x${C}}`, []string{`env A="${B:-x${C}}"`, `env B="x${C}"`, `env A="x${C}"`}},
	{"empty default", `ENV A=${B:-}`, []string{`env A="${B:-}"`}},
	{"reference at the end of a line", "RUN $0\\\nA00 B=$1", []string{`run B="$1"`}},
	{"escaped reference", `ENV A=\${B:-c}`, []string{`env A="${B:-c}"`}},
	{"reference in single quotes", `ENV A='${B:-c}'`, []string{`env A="${B:-c}"`}},
	{"default in a URL", "ENV U=https://u:${P:-hunter2}@h", []string{`env U="https://u:${P:-hunter2}@h"`, `env P="hunter2"`}},
	{"braces of a template", "ENV A=${{ b }}", []string{`env A="${{"`}},
	{"onbuild", "ONBUILD ENV A=b", []string{`onbuild A="b"`}},
	{"onbuild, old form", "onbuild arg A=b", []string{`onbuild A="b"`}},
	{"onbuild run", "ONBUILD RUN A=b c", []string{`onbuild A="b"`}},
	{"healthcheck", "HEALTHCHECK --retries=3 CMD A=b c", []string{`healthcheck A="b"`}},
	{"healthcheck, json", `HEALTHCHECK CMD ["c", "--pass=b"]`, []string{`command.flag pass="b"`}},
	{"healthcheck none", "HEALTHCHECK NONE", nil},
	{"run", "RUN A=b c --d=e --fgh ijk -lmn o", []string{`run A="b"`, `run d="e"`, `run fgh="ijk"`, `run lmn="o"`}},
	{"run, joined", "RUN a && \\\n  export B=c\\\nd", []string{`run B="cd" ("c\\\nd")`}},
	{"run, flags are not words", "RUN --mount=type=secret,id=a A=b c", []string{`run A="b"`}},
	{"run, json", `RUN ["a", "B=c\u0064"]`, []string{`run B="cd" ("c\\u0064")`}},
	{"run, json, two escapes for one character", `RUN ["a", "B=\ud83d\ude00c"]`, []string{"run B=\"\U0001f600c\" (\"\\\\ud83d\\\\ude00c\")"}},
	{"run, shell in json", `RUN ["sh", "-c", "A='b c' d"]`, []string{`run A="b c"`}},
	{"run, default", `RUN echo ${A:-b}`, []string{`run A="b"`}},
	{"run, quoted pair", `RUN echo "a=b c" > d`, []string{`run a="b c"`}},
	{"run, key in a path", `RUN echo //r/:_authToken=b > .npmrc`, []string{`run _authToken="b"`}},
	{"run, substitution", "RUN A=$(B=c d) e", []string{`run B="c"`, `run A="$(B=c d)"`}},
	{"run, comparison", "RUN [ $a = b ] && c == d", nil},
	{"run, switch", "RUN a -x -y z --long -w", nil},
	{"run, properties", "RUN java -Ddb.password=a -Pkey=b -D=c -Dx --Db=d", []string{`command.password db.password="a"`, `run key="b"`, `run D="c"`, `run Db="d"`}},
	{"run, known command", "RUN curl -u a:b \\\n c && d -u a:b", []string{`command.password -u="b"`}},
	{"run, known and not", "RUN docker run -e A=b --user c:d --password e f", []string{`command.env A="b"`, `command.flag password="e"`, `run user="c:d"`}},
	{"run, split credential", "RUN mysql -pab\\\ncd", []string{`command.password -p="abcd" ("ab\\\ncd")`}},
	{"run, pipe", "RUN echo 'root:b' \\\n | chpasswd", []string{`command.password chpasswd="b"`}},
	{"run, shell in words", `RUN su -c "A=b mysql -pc --d=e" f`, []string{`run A="b"`, `command.password -p="c"`, `run d="e"`}},
	{"run, shell in words in words", `RUN sh -c 'sh -c "A=b mysql -pc"'`, []string{`run A="b"`, `command.password -p="c"`}},
	{"run, heredoc for a shell", "RUN sh <<E\nmysql -pa\nE", []string{`command.password -p="a"`}},
	{"run, json, known", `RUN ["mysql", "-pa\u0062"]`, []string{`command.password -p="ab" ("a\\u0062")`}},
	{"healthcheck, known", `HEALTHCHECK CMD ["redis-cli", "-a", "b", "ping"]`, []string{`command.password -a="b"`}},
	{"build arg without value", "RUN docker build --build-arg A .", []string{`command.build-arg A=""`}},
	{"cmd", "CMD A=b c", []string{`cmd A="b"`}},
	{"entrypoint, json", `ENTRYPOINT ["a", "--pass", "b"]`, []string{`command.flag pass="b"`}},
	{"copy", "COPY a b /c/", []string{`copy a="/c/"`, `copy b="/c/"`}},
	{"copy, json", `COPY ["a b", "/c"]`, []string{`copy a b="/c"`}},
	{"copy, flags", "COPY --from=x --chown=1 a b", []string{`copy a="b"`}},
	{"add", "ADD https://u:p@h/x /y", []string{`copy https://u:p@h/x="/y"`}},
	{"copy, onbuild", "ONBUILD COPY a b", []string{`copy a="b"`}},
	{"copy, one word", "COPY a", nil},
	{"copy, heredoc", "COPY <<E a /b\nC=d\nE", []string{`heredoc C="d"`, `copy a="/b"`}},
	{"copy, heredocs", "COPY <<E <<-F /b\nC=d\nE\n\tG = 'h i' \n\tF", []string{`heredoc C="d"`, `heredoc G="h i"`}},
	{"run, heredoc", "RUN <<E\nA=b\nE", []string{`heredoc A="b"`}},
	{"run, heredoc for a program", "RUN python <<E\nA = \"b\"\nE", []string{`heredoc A="b"`}},
	{"run, heredoc in a heredoc", "RUN <<E\ncat <<F > g\nA=b\nF\nC=d\nE", []string{`heredoc A="b"`, `heredoc C="d"`}},
	{"heredoc with an interpreter", "RUN <<E\n#!/usr/bin/env python3\nA = \"b\"\nc(D='e')\nE", []string{`heredoc A="b"`}},
	{"heredoc with a shell", "RUN <<E\n#!/usr/bin/env bash\nA=b c --d=e\nE", []string{`heredoc A="b"`, `heredoc d="e"`}},
	{"heredoc that is none", "RUN echo '<<E'\nENV A=b", []string{`env A="b"`}},
	{"heredoc without end", "RUN <<E\nENV A=b", []string{`env A="b"`}},
	{"bad line before", "FOO bar\nENV A\nENV A=b", []string{`env A="b"`}},
	{"word without value", "ENV A=b C D=e", []string{`env A="b"`, `env D="e"`}},
	{"template", "{{ if x }}\nENV A=b\n{{ end }}", []string{`env A="b"`}},
	{"commented out", "# ENV A=b", []string{`comment A="b"`}},
	{"commented out, old form", "#ENV PASS word", []string{`comment PASS="word"`}},
	{"comment in words", "# ENV holds the variables\n# ARG is good\n# A=b", nil},
	{"comment within", "ENV A=b \\\n  # C=d \\\n  E=f", []string{`env A="b"`, `env E="f"`, `comment C="d"`}},
	{"directive", "# syntax=a\n# escape=\\\nFROM a", nil},
	{"from", "FROM a:${B} AS c", nil},
	{"user", "USER a=b", nil},
	{"nothing", "", nil},
}

func TestForms(t *testing.T) {
	for _, form := range forms {
		// The form reads the same whatever stands before and behind it.
		for _, pad := range [][2]string{{"", ""}, {"", "\n"}, {"FROM x\n", "\nRUN y\n"}} {
			if pad[0] != "" && (strings.HasPrefix(form.text, "\ufeff") || strings.HasPrefix(form.text, "# escape") || form.text == "") {
				continue
			}
			data := []byte(pad[0] + form.text + pad[1])
			f := Parse(data)
			checkFile(t, f)
			var got []string
			for _, a := range Assignments(f) {
				got = append(got, show(data, a))
			}
			if strings.Join(got, "\n") != strings.Join(form.want, "\n") {
				t.Errorf("%s: %q\n got %q\nwant %q", form.title, data, got, form.want)
			}
		}
	}
}

func TestQuoted(t *testing.T) {
	data := []byte("ENV A=\"b\" C='d' E=f\"g\" H=\"i\"\"j\"\nENV K \"l\"\nENV M \"n\" o")
	want := map[string]bool{"A": true, "C": true, "E": false, "H": false, "K": true, "M": false}
	list := Assignments(Parse(data))
	if len(list) != len(want) {
		t.Fatalf("%d assignments", len(list))
	}
	for _, a := range list {
		if name := string(a.Name.Of(data)); a.Quoted != want[name] {
			t.Errorf("%s: quoted %v", name, a.Quoted)
		}
	}
}

// TestRefers: a dollar sign in single quotes makes no reference of what a command carries.
func TestRefers(t *testing.T) {
	for text, want := range map[string]bool{`RUN mysql -p'$abc'`: false, `RUN mysql -p"$abc"`: true, `RUN mysql -p$abc`: true, `RUN mysql -pabc`: false} {
		if list := Assignments(Parse([]byte(text))); len(list) != 1 || list[0].Refers != want {
			t.Errorf("%s: %+v", text, list)
		}
	}
}

func TestIsDockerfile(t *testing.T) {
	yes := "Dockerfile dockerfile DOCKERFILE Dockerfile.dev Dockerfile.prod.alpine Dockerfile-dev Dockerfile_dev web.Dockerfile web.dockerfile " +
		"a.b.Dockerfile web.Dockerfile.old Containerfile containerfile Containerfile.dev Containerfile-x web.Containerfile Dockerfile.j2 Dockerfile.tmpl " +
		"Dockerfile.in Dockerfile.bak Dockerfile.3.9 Dockerfile.template Dockerfile.txt"
	no := "dockerfile.go dockerfile.py Dockerfile.md Dockerfile.json dockerfile.ts dockerfile_test.go Dockerfile-lint.yml Dockerfile.sh .dockerignore " +
		"Dockerfile.dockerignore web.Dockerfile.dockerignore dockerfiles Dockerfile2 Dockerfiles.d MyDockerfile docker-compose.yml .dockerfile Dockerfile. " +
		"Dockerfile- web.Dockerfile-old dockerfile.vim x-Dockerfile-y"
	for _, name := range strings.Fields(yes) {
		if !IsDockerfile(name) {
			t.Errorf("%s is one", name)
		}
	}
	for _, name := range append(strings.Fields(no), "", "Dockerfile "+strings.Repeat("x", 300)) {
		if IsDockerfile(name) {
			t.Errorf("%s is none", name)
		}
	}
}

// TestContexts: the contexts are what rules name.
func TestContexts(t *testing.T) {
	for _, c := range []assignment.Context{ContextEnv, ContextArg, ContextLabel, ContextRun, ContextCmd, ContextHealthcheck, ContextOnBuild,
		ContextHeredoc, ContextCopy, ContextComment} {
		if !strings.HasPrefix(string(c), "dockerfile.") {
			t.Errorf("%s", c)
		}
	}
}
