package imageconfig

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"rummage/detect/assignment"
)

// lines writes assignments, after checking that their places lie in the document.
func lines(t testing.TB, data []byte, list []assignment.Assignment) []string {
	t.Helper()
	var out []string
	for i := range list {
		a := &list[i]
		for _, s := range []assignment.Span{a.Name, a.Value} {
			if s.Start < 0 || s.End < s.Start || s.End > len(data) {
				t.Fatalf("%s at %v of %d bytes", a.Context, s, len(data))
			}
		}
		out = append(out, fmt.Sprintf("%s %s=%s", a.Context, meant(a.Name.Of(data)), value(data, a)))
	}
	return out
}

func value(data []byte, a *assignment.Assignment) []byte {
	if a.Decoded != nil {
		return a.Decoded
	}
	return a.Value.Of(data)
}

// meant is what the inside of a JSON string stands for.
func meant(raw []byte) string {
	var s string
	if json.Unmarshal([]byte(`"`+string(raw)+`"`), &s) != nil {
		return string(raw)
	}
	return s
}

// quoted is a text as a JSON string, with < > and & escaped.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// settings are configurations with what is read of them, all of it and in order.
var settings = []struct {
	text string
	want []string
}{
	{`{"config":{"Env":["PATH=/bin","DB_PASSWORD=hunter2","A=b=c","EMPTY=","NONE",1,null]}}`,
		[]string{"image.env PATH=/bin", "image.env DB_PASSWORD=hunter2", "image.env A=b=c", "image.env EMPTY="}},
	{`{"config":{"Env":["A=a\u003cb\"c\\d\/e\n\ud83d\ude00"],"Labels":{"org.x\/y":"\u0026v"}}}`,
		[]string{"image.env A=a<b\"c\\d/e\n\U0001f600", "image.label org.x/y=&v"}},
	{`{"config":{"Labels":{"a.token":"hunter2","n":1}}}`, []string{"image.label a.token=hunter2"}},
	{`{"config":{"Cmd":["serve","--password","hunter2","--user=ann","API_KEY=x1"]}}`,
		[]string{"command.flag password=hunter2", "image.cmd user=ann", "image.cmd API_KEY=x1"}},
	{`{"config":{"Cmd":["/bin/sh","-c","DB_PASSWORD=hunter2 serve --token \u0022x y\u0022"]}}`, []string{"image.cmd DB_PASSWORD=hunter2", "command.flag token=x y"}},
	{`{"config":{"Entrypoint":["redis-server"],"Cmd":["--requirepass","hunter2"]}}`, []string{"command.password --requirepass=hunter2"}},
	{`{"config":{"Cmd":["redis-server","--requirepass","hunter2"],"Entrypoint":["docker-entrypoint.sh"]}}`, []string{"command.password --requirepass=hunter2"}},
	{`{"config":{"Entrypoint":["sh","-c"],"Cmd":["PW=hunter2 run"]}}`, []string{"image.cmd PW=hunter2"}},
	{`{"config":{"Healthcheck":{"Interval":1,"Test":["CMD-SHELL","PW=hunter2 check"]}}}`, []string{"image.healthcheck PW=hunter2"}},
	{`{"config":{"Healthcheck":{"Test":["CMD","curl","-u","ann:hunter2","http://h/"]}}}`, []string{"command.password -u=hunter2"}},
	{`{"config":{"Healthcheck":{"Test":["NONE"]}}}`, nil},
	{`{"config":{"OnBuild":["ENV A=hunter2 B=\"x y\"","ARG T=t1","RUN PW=hunter2 make","COPY .env /app/","LABEL k=v"]}}`,
		[]string{"image.onbuild A=hunter2", "image.onbuild B=x y", "image.onbuild T=t1", "image.onbuild PW=hunter2", "image.onbuild k=v"}},
	{`{"container_config":{"Env":["A=1"],"Cmd":["/bin/sh","-c","#(nop) ","ENV PW=hunter2 B=x y"]}}`, []string{"image.env A=1", "image.history PW=hunter2", "image.history B=x y"}},
	{`{"container_config":{"Cmd":["|2","A=1","B=x y","/bin/sh","-c","PW=hunter2 make"]}}`, []string{"image.build-arg A=1", "image.build-arg B=x y", "image.cmd PW=hunter2"}},
	{`{"CONFIG":{"env":["A=1"]},"Config":{"ENV":["B=2"]}}`, []string{"image.env A=1", "image.env B=2"}},
	{`{"x":{"config":{"Env":["A=1"]}},"config":null,"history":{}}`, nil},
	{`{"config":{"Env":["A=1","B=2`, []string{"image.env A=1"}},
	{`{"config":{"Env":"A=1","Labels":["a=b"],"Cmd":"serve"}}`, nil},
	{`[]`, nil}, {``, nil}, {`{`, nil}, {`"config"`, nil},
}

func TestConfig(t *testing.T) {
	for _, c := range settings {
		list, _ := Config([]byte(c.text))
		if got := lines(t, []byte(c.text), list); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%q, want\n%q", c.text, got, c.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]int{`{"config":{"Env":["A=1"]}}`: 0, `{"config":{"Env":["A=1"`: 1, `{"a" 1}`: 1, `{"a":]}`: 1, `{"a":[1,{"b":[}]}`: 1, `{"a":[1,{"b":[]}]}`: 0} {
		if _, n := Config([]byte(text)); n != want {
			t.Errorf("%s: %d problems, want %d", text, n, want)
		}
		if _, n := Provenance([]byte(text)); n != want {
			t.Errorf("%s: %d problems as a provenance, want %d", text, n, want)
		}
	}
}

// built are entries of histories, all of one image each.
var built = []struct {
	name    string
	entries []string
	want    []string
}{
	{"BuildKit", []string{"ENV PW=hunter2 B=x y Z=", "LABEL a.b/c=hunter2 d=it's k", "ARG T=t1 NAME_ONLY", "ENV Q=\"x y\"", "WORKDIR /app"},
		[]string{"image.history PW=hunter2", "image.history B=x y", "image.history Z=", "image.history a.b/c=hunter2", "image.history d=it's k", "image.build-arg T=t1", "image.history Q=x y"}},
	{"BuildKit's RUN", []string{"RUN |2 A=1 B=x y /bin/sh -c PW=hunter2 make --token t1 # buildkit"},
		[]string{"image.build-arg A=1", "image.build-arg B=x y", "image.history PW=hunter2", "command.flag token=t1"}},
	{"RUN without arguments", []string{"RUN /bin/sh -c PW=hunter2 make # buildkit"}, []string{"image.history PW=hunter2"}},
	{"RUN with a heredoc", []string{"RUN /bin/sh -c cat <<EOF > /x\nPW=hunter2\nEOF # buildkit"}, []string{"image.history PW=hunter2"}},
	{"RUN of a script", []string{"RUN |1 A=1 /bin/sh -c set -e\nexport PW=hunter2\nmake\n # buildkit"}, []string{"image.build-arg A=1", "image.history PW=hunter2"}},
	{"COPY", []string{"COPY <<EOF /x # buildkit", "COPY a=b /x # buildkit", "ADD file:00 in / "}, nil},
	{"the builder before", []string{"/bin/sh -c #(nop)  ENV PW=hunter2", "/bin/sh -c #(nop)  CMD [\"run\" \"--token\" \"a\\\"b\"]", "|1 T=t1 /bin/sh -c PW=hunter3 make", "/bin/sh -c #(nop) ADD file:00 in / "},
		[]string{"image.history PW=hunter2", "command.flag token=a\"b", "image.build-arg T=t1", "image.history PW=hunter3"}},
	{"ARG and ONBUILD of it", []string{"/bin/sh -c #(nop)  ARG T=t1", "/bin/sh -c #(nop)  ONBUILD ENV PW=hunter2"}, []string{"image.build-arg T=t1", "image.history PW=hunter2"}},
	{"buildah", []string{"/bin/sh -c #(nop) ENV A=\"x y=2 z\" B='w'", "/bin/sh -c #(nop) ENV PW hunter two", "/bin/sh -c #(nop) LABEL \"k\"=\"v\"", "/bin/sh -c #(nop) CMD run --token t1", "|3 A=x y z /bin/sh -c make"},
		[]string{"image.history A=x y=2 z", "image.history B=w", "image.history PW=hunter two", "image.history k=v", "command.flag token=t1", "image.build-arg A=x y z"}},
	{"HEALTHCHECK", []string{"HEALTHCHECK &{[\"CMD-SHELL\" \"PW=hunter2 check\"] \"30s\" \"0s\"}", "/bin/sh -c #(nop) HEALTHCHECK --interval=5s CMD PW=hunter3 check"},
		[]string{"image.history PW=hunter2", "image.history PW=hunter3"}},
	{"another shell", []string{"SHELL [/bin/bash -o pipefail -c]", "RUN |1 A=x /y /bin/bash -o pipefail -c PW=hunter2 make # buildkit"}, []string{"image.build-arg A=x /y", "image.history PW=hunter2"}},
	{"a shell of its own, told later", []string{"RUN |1 A=x y /opt/fish --no-config -c PW=hunter2 make # buildkit", "SHELL [/opt/fish --no-config -c]"}, []string{"image.build-arg A=x y", "image.history PW=hunter2"}},
	{"Windows", []string{"cmd /S /C #(nop)  ENV PW=hunter2", "RUN |1 A=x y powershell -Command $ErrorActionPreference = 'Stop'; make --token t1"}, []string{"image.history PW=hunter2", "image.build-arg A=x y", "command.flag token=t1"}},
	{"no shell", []string{"RUN |2 A=1 B=2 /usr/bin/make --token t1 # buildkit"}, []string{"image.build-arg A=1", "image.build-arg B=2", "command.flag token=t1"}},
	{"a value that looks like the shell", []string{"RUN |2 A=x /bin/sh -c y B=2 /bin/sh -c PW=hunter2 make"}, []string{"image.build-arg A=x /bin/sh -c y", "image.build-arg B=2", "image.history PW=hunter2"}},
	{"a value that looks like arguments", []string{"ARG URL=u", "ARG T", "RUN |2 URL=u X=1 Y=2 T=t1 /bin/sh -c make"}, []string{"image.build-arg URL=u", "image.build-arg URL=u X=1 Y=2", "image.build-arg T=t1"}},
	{"the same, nothing known", []string{"RUN |1 A=u X=1 /bin/sh -c make"}, []string{"image.build-arg A=u X=1"}},
	{"arguments of several lines", []string{"RUN |2 A=-----BEGIN\nB=1\n-----END B=2 /bin/sh -c make"}, []string{"image.build-arg A=-----BEGIN\nB=1\n-----END", "image.build-arg B=2"}},
	{"not a count", []string{"|x A=1 /bin/sh -c true", "|99999999999 A=1 true", "| true", "|"}, []string{"image.history A=1", "image.history A=1"}},
	{"marks that nothing closes", []string{"ENV A=\"x B=it's C=d"}, []string{"image.history A=\"x", "image.history B=it's", "image.history C=d"}},
	{"nothing", []string{"", " ", "ENV", "ENV ", "CMD", "CMD [", "CMD [\"", "CMD [\"a", "HEALTHCHECK &{", "ARG", "RUN", "RUN |1", "RUN |1 ", "/bin/sh -c", "/bin/sh -c #(nop)", "SHELL []", "SHELL"}, nil},
}

// imageOf is a configuration with these entries.
func imageOf(entries []string) string {
	text := `{"history":[`
	for i, e := range entries {
		if i > 0 {
			text += ","
		}
		text += `{"created":"2026-01-01T00:00:00Z","created_by":` + quoted(e) + `,"comment":"buildkit.dockerfile.v0"}`
	}
	return text + "]}"
}

func TestHistory(t *testing.T) {
	for _, c := range built {
		text := []byte(imageOf(c.entries))
		list, problems := Config(text)
		if got := lines(t, text, list); !slices.Equal(got, c.want) || problems != 0 {
			t.Errorf("%s: %d problems,\n%q, want\n%q", c.name, problems, got, c.want)
		}
	}
}

// TestPlaces: what is found stands where it is said to, escapes and all.
func TestPlaces(t *testing.T) {
	text := []byte(`{"history":[{"created_by":"RUN |1 T=a\u003cb\u0026c /bin/sh -c PW=\"x\\y\" make"}],"config":{"Env":["K=p\u003eq"]}}`)
	list, _ := Config(text)
	var got []string
	for i := range list {
		got = append(got, string(list[i].Name.Of(text))+" "+string(list[i].Value.Of(text)))
	}
	if want := []string{`K p\u003eq`, `T a\u003cb\u0026c`, `PW x\\y`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
