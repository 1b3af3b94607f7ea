package compose

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"rummage/detect/carrier/carriertest"
	"rummage/detect/interpolate"
)

// lines writes entries, see carriertest.
func lines(data []byte, f *File) []string { return carriertest.Lines("compose.", data, f.Assignments) }

// check holds a file to what is true of every one.
func check(t *testing.T, data []byte, f *File) {
	t.Helper()
	total := 0
	carriertest.Check(t, data, f.Assignments)
	for _, e := range f.Assignments {
		total += e.Value.Len() + 1
	}
	// Every scalar is there once; in commands its words again, in references their operands; aliases repeat no more
	// than the file's length.
	if total > 4*(interpolate.MaxDepth+2)*(2*len(data)+1<<16) {
		t.Fatalf("values of %d bytes from %d", total, len(data))
	}
	for _, r := range f.References {
		if p := r.Path.Place(); p.Start < 0 || p.Start > p.End || p.End > len(data) || r.Path.Verbatim() && !bytes.Equal(p.Of(data), r.Path.Bytes) {
			t.Fatalf("reference at %v", p)
		}
	}
	for _, in := range f.Inlines {
		for i := range in.Text.Bytes {
			if s := in.Text.Span(i, i+1); s.Start < 0 || s.Start > s.End || s.End > len(data) {
				t.Fatalf("byte %d of a Dockerfile at %v", i, s)
			}
		}
	}
}

// service puts a service's keys into a file.
func service(keys string) string {
	return "services:\n  web:\n    " + strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ") + "\n"
}

// forms are files, or the keys of the service web, with the entries that are read.
var forms = []struct {
	name, text string
	want       []string
}{
	{"environment, map", service("environment:\n  DB_PASSWORD: hunter2\n  B: \"q # r\"\n  C: 'it''s'\n  D: 12\n  E:\n  F: ''\n  G: null\n  H: ~"), []string{
		"environment DB_PASSWORD=hunter2", "environment B=q # r q", "environment C=it's q", "environment D=12", "environment E= !",
		"environment F= q", "environment G=null !", "environment H=~ !"}},
	{"environment, list", service("environment:\n  - DB_PASSWORD=hunter2\n  - \"B=c d\"\n  - C\n  - D=\n  - E=\"f\"\n  - 'G=h=i'\n  - J = k"), []string{
		"environment DB_PASSWORD=hunter2", "environment B=c d q", "environment C= !", "environment D=", "environment E=f q", "environment G=h=i q",
		"environment J=k"}},
	{"environment, list on one line", service("environment: [\"A=b\", C=d]"), []string{"environment A=b q", "environment C=d"}},
	{"environment, map on one line", service("environment: {A: b, \"C\": \"d\"}"), []string{"environment A=b", "environment C=d q"}},
	{"environment, list of maps", service("environment:\n  - A: b\n  - C=d"), []string{"environment A=b", "environment C=d"}},
	{"environment, text", service("environment: A=b"), []string{"environment A=b"}},
	{"environment, over lines", service("environment:\n  A: |\n    b\n    c\n  D: >-\n    e\n    f\n  G: \"h\n    i\"\n  J: k\n    l"), []string{
		"environment A=b\nc\n", "environment D=e f", "environment G=h i q", "environment J=k l"}},
	{"environment, escapes", service("environment:\n  A: \"b\\\"c\\u0041\\n\"\n  - \"C=d\\\"e\""), []string{
		"environment A=b\"cA\n q", "environment C=d\"e q"}},
	{"interpolation", service("environment:\n  A: $B\n  C: ${D}\n  E: http://${F}/\n  G: ${H:-hunter2}\n  I: ${I-x}\n  J: ${K:?no}\n  L: pa$$word\n  M: ${N:-${O:-deep}}\n  P: ${Q:+r}"), []string{
		"environment A=$B ?", "environment C=${D} ?", "environment E=http://${F}/ ~", "environment G=${H:-hunter2} ?", "default H=hunter2", "default G=hunter2",
		"environment I=${I-x} ?", "default I=x", "environment J=${K:?no} ?", "environment L=pa$word", "environment M=${N:-${O:-deep}} ?", "default O=deep",
		"default M=deep", "environment P=${Q:+r} ?", "default Q=r", "default P=r"}},
	{"interpolation in a list", service("environment:\n  - URL=postgres://u:${PW:-hunter2}@db/\n  - A=\"${B-c}\""), []string{
		"environment URL=postgres://u:${PW:-hunter2}@db/ ~", "default PW=hunter2", "environment A=${B-c} ? q", "default B=c", "default A=c"}},
	{"env_file", service("env_file: .env"), []string{"env-file env_file=.env"}},
	{"env_file, list", service("env_file:\n  - a.env\n  - path: b.env\n    required: false\n    format: raw\n  - path: c.env"), []string{
		"env-file env_file=a.env", "env-file path=b.env", "value required=false", "value format=raw", "env-file path=c.env"}},
	{"build, folder", service("build: ./app"), []string{"build-context build=./app"}},
	{"build", service("image: me/app\nbuild:\n  context: https://u:p@h/r.git\n  dockerfile: D\n  args:\n    - TOKEN=abc\n    - NONE\n  labels:\n    a: b\n  cache_from: [x/y]\n  cache_to:\n    - type=s3\n  secrets:\n    - tok\n    - source: s\n  ssh:\n    - default\n    - k=/x\n  tags: [t]\n  provenance: mode=max\n  additional_contexts:\n    - r=docker-image://z"), []string{
		"tag image=me/app", "build-context context=https://u:p@h/r.git", "value dockerfile=D", "build-arg TOKEN=abc", "build-arg NONE= !", "label a=b",
		"cache-from cache_from=x/y", "cache-to cache_to=type=s3", "secret-use secrets=tok", "secret-use source=s", "ssh default= !", "ssh k=/x",
		"tag tags=t", "provenance provenance=mode=max", "build-context r=docker-image://z"}},
	{"build args, map", service("build:\n  args:\n    TOKEN: abc\n    NONE:"), []string{"build-arg TOKEN=abc", "build-arg NONE= !"}},
	{"image", service("image: nginx:1"), []string{"image image=nginx:1"}},
	{"command, text", service("command: redis-server --requirepass hunter2 --port=1 -p x"), []string{
		"command command=redis-server --requirepass hunter2 --port=1 -p x", "command.password --requirepass=hunter2", "command port=1"}},
	{"command, list", service("command: [\"redis-server\", \"--requirepass\", \"hunter2\"]\nentrypoint:\n  - sh\n  - -c\n  - PGPASSWORD='a b' psql && x --key \"c\\\"d\"\n"), []string{
		"command command=redis-server q", "command command=--requirepass q", "command command=hunter2 q", "command.password --requirepass=hunter2",
		"command entrypoint=sh", "command entrypoint=-c", "command entrypoint=PGPASSWORD='a b' psql && x --key \"c\\\"d\"", "command PGPASSWORD=a b",
		"command key=c\"d"}},
	{"command, over lines", service("command: >\n  x\n  --password\n  hunter2\n"), []string{"command command=x --password hunter2\n", "command.flag password=hunter2"}},
	{"command, interpolation", service("command: x --pass ${P:-hunter2} --user $${U} --java -Da.b.password=c"), []string{
		"command command=x --pass ${P:-hunter2} --user ${U} --java -Da.b.password=c ~", "default P=hunter2", "command.flag pass=${P:-hunter2} ?",
		"default P=hunter2", "default pass=hunter2", "command.password a.b.password=c", "command user=${U} ?"}},
	{"healthcheck", service("healthcheck:\n  test: [\"CMD-SHELL\", \"mysqladmin --password=hunter2 ping\"]\n  interval: 5s"), []string{
		"healthcheck test=CMD-SHELL q", "healthcheck test=mysqladmin --password=hunter2 ping q", "command.password --password=hunter2", "value interval=5s"}},
	{"hooks", service("post_start:\n  - command: x --token abc\n    environment:\n      - A=b\npre_stop:\n  - command: [y]\npre_start:\n  - image: i\n    environment: {C: d}"), []string{
		"command command=x --token abc", "command.flag token=abc", "environment A=b", "command command=y", "image image=i", "environment C=d"}},
	{"labels", service("labels:\n  - \"traefik.users=admin:$$apr1$$x$$y\"\n  - a\nannotations:\n  b: c\ndeploy:\n  labels:\n    d: e\n  replicas: 2\nlabel_file: l"), []string{
		"label traefik.users=admin:$apr1$x$y q", "label a= !", "label b=c", "label d=e", "value replicas=2", "label-file label_file=l"}},
	{"logging", service("logging:\n  driver: splunk\n  options:\n    splunk-token: abc"), []string{"value driver=splunk", "logging splunk-token=abc"}},
	{"develop", service("develop:\n  watch:\n    - path: .\n      exec:\n        command: x\n        environment: [A=b]"), []string{
		"value path=.", "command command=x", "environment A=b"}},
	{"uses", service("secrets:\n  - a\n  - source: b\n    target: c\nconfigs: [d]\nvolumes:\n  - ~/.aws:/root/.aws\n  - type: bind\n    source: ./.env\nextends:\n  file: f.yml\n  service: s\nprovider:\n  type: t\n  options:\n    key: v\ncredential_spec:\n  file: g.json"), []string{
		"secret-use secrets=a", "secret-use source=b", "secret-use target=c", "config-use configs=d", "volume volumes=~/.aws:/root/.aws", "volume type=bind",
		"volume source=./.env", "extends file=f.yml", "extends service=s", "provider type=t", "provider key=v", "credential-spec file=g.json"}},
	{"misplaced", service("POSTGRES_PASSWORD: hunter2\nports:\n  - 80:80"), []string{"value POSTGRES_PASSWORD=hunter2", "value ports=80:80"}},
	{"secrets", "secrets:\n  db:\n    file: ./db.txt\n  tok:\n    environment: TOKEN\n  ext:\n    external: true\n    name: ${N:-n}\n    labels: [a=b]\n    driver_opts:\n      k: v\nconfigs:\n  c:\n    content: |\n      password=x\n", []string{
		"secret file=./db.txt @db", "secret environment=TOKEN @tok", "secret external=true @ext", "secret name=${N:-n} ? @ext", "default N=n @ext", "default name=n @ext",
		"label a=b @ext", "driver-opts k=v @ext", "config content=password=x\n @c"}},
	{"volumes and networks", "volumes:\n  v:\n    driver_opts:\n      o: \"username=u,password=hunter2,rw\"\n  w:\nnetworks:\n  n:\n    driver_opts: {com.x.key: y}\n    labels:\n      l: m\n", []string{
		"driver-opts o=username=u,password=hunter2,rw q @v", "driver-opts username=u @v", "driver-opts password=hunter2 @v", "driver-opts com.x.key=y @n", "label l=m @n"}},
	{"include", "include:\n  - a.yml\n  - path: b.yml\n    env_file: b.env\n  - path: [c.yml, d.yml]\n", []string{
		"include include=a.yml", "include path=b.yml", "env-file env_file=b.env", "include path=c.yml", "include path=d.yml"}},
	{"extension", "x-a:\n  password: hunter2\n  list: [b]\nservices:\n  s:\n    x-b: c\n  x-d: e\n", []string{
		"x x-b=c @s", "x x-d=e", "x password=hunter2", "x list=b"}},
	{"anchors", "x-env: &env\n  A: b\n  C: ${D:-e}\nservices:\n  s:\n    environment:\n      <<: *env\n      F: g\n  t:\n    environment: *env\n", []string{
		"environment A=b @s", "environment C=${D:-e} ? @s", "default D=e @s", "default C=e @s", "environment F=g @s"}},
	{"merged service", "x-s: &s\n  image: i\n  environment: &e\n    A: b\nservices:\n  s:\n    <<: [*s]\n    build: .\n  t:\n    <<: *s\n    environment:\n      <<: *e\n      C: d\n", []string{
		"tag image=i @s", "environment A=b @s", "build-context build=. @s", "environment C=d @t"}},
	{"aliased scalar", "x-pw: &pw hunter2\nservices:\n  s:\n    environment:\n      A_PASSWORD: *pw\n      B_PASSWORD: *pw\n", []string{
		"environment A_PASSWORD=hunter2 @s", "environment B_PASSWORD=hunter2 @s", "x x-pw=hunter2"}},
	{"first version", "web:\n  image: i\n  environment:\n    A: b\ndb:\n  image: j\nother:\n  k: v\n", []string{
		"image image=i @web", "environment A=b @web", "image image=j @db", "value k=v"}},
	{"no service", "services: {}\nother:\n  image: i\n", []string{"value image=i"}},
	{"jobs", "jobs:\n  j:\n    image: i\n    environment: [A=b]\n", []string{"image image=i @j", "environment A=b @j"}},
	{"documents", "services:\n  a:\n    image: i\n---\nservices:\n  b:\n    image: j\n", []string{"image image=i @a", "image image=j @b"}},
	{"duplicate keys", "services:\n  a:\n    environment:\n      A: b\n      A: c\n", []string{"environment A=b @a", "environment A=c @a"}},
	{"templates", "services:\n  a:\n    image: {{ image }}\n    environment:\n      A: \"{{ b }}\"\n      C: {{ d }}-e\n{{ if x }}\n      F: g\n{{ end }}\n", []string{
		"image image={{ image }} ? @a", "environment A={{ b }} ? q @a", "environment C={{ d }}-e ~ @a", "environment F=g @a"}},
	{"tab", "services:\n  a:\n    environment:\n      A: b\n\tC: d\n    image: i\n", []string{
		"environment A=b @a", "environment C=d @a", "image image=i @a"}},
	{"list and map mixed", "services:\n  a:\n    environment:\n      - A=b\n      C: d\n      - E=f\n", []string{
		"environment A=b @a", "environment C=d @a", "environment E=f @a"}},
	{"comments", "services:\n  a:\n    environment:\n      # AA: b\n      #- CC=d # e\n      # - \"FF=${G:-h}\"\n      #  II: 'j'\n      # see K\n      # LL:\n      # M: n\n      # http://x\n", []string{
		"comment AA=b", "comment CC=d", "comment FF=${G:-h} ?", "default G=h", "default FF=h", "comment II=j q"}},
	{"scalar", "hunter2\n", []string{"value =hunter2"}},
	{"list", "- a: b\n- c\n", []string{"value a=b", "value =c"}},
	{"nothing", "", nil},
	{"other top-level keys", "version: '3'\nname: n\nservices: {}\n", []string{"value version=3 q", "value name=n"}},
}

func TestForms(t *testing.T) {
	for _, c := range forms {
		t.Run(c.name, func(t *testing.T) {
			data := []byte(c.text)
			f := Parse(data)
			got := lines(data, f)
			for i := range got {
				if strings.HasPrefix(c.text, "services:\n  web:") {
					got[i] = strings.TrimSuffix(got[i], " @web")
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), strings.Join(c.want, "|"))
			}
			check(t, data, f)
		})
	}
}

// TestPlaces proves offsets by reading the bytes there: the value that each name has, in the file.
func TestPlaces(t *testing.T) {
	text := service(`environment:
  - "DB_PASSWORD=hun\"ter2"
  - 'URL=postgres://u:${PW:-s3cret}@h'
command: x --key 'k3y' "--flag=v4lue"
labels: {a: b$$c}
healthcheck:
  test: >
    curl --password
    folded`)
	want := map[string]string{
		"DB_PASSWORD": `hun\"ter2`, "URL": "postgres://u:${PW:-s3cret}@h", "PW": "s3cret", "key": "k3y", "flag": "v4lue", "a": "b$$c", "password": "folded",
	}
	f := Parse([]byte(text))
	for _, e := range f.Assignments {
		name := text[e.Name.Start:e.Name.End]
		value, ok := want[name]
		if !ok {
			continue
		}
		delete(want, name)
		if got := text[e.Value.Start:e.Value.End]; got != value || e.Value.Start != strings.Index(text, value) {
			t.Errorf("%s: %q at %d, want %q at %d", name, got, e.Value.Start, value, strings.Index(text, value))
		}
		if owner := text[e.Owner.Start:e.Owner.End]; owner != "web" {
			t.Errorf("%s: owner %q", name, owner)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestReferences(t *testing.T) {
	text := `include:
  - a.yml
  - path: [b.yml]
    env_file: [b.env]
services:
  web:
    env_file:
      - .env
      - path: ./x.env
        required: false
        format: raw
    label_file: l
    build:
      context: ./app
    extends:
      file: e.yml
      service: s
    credential_spec: {file: c.json}
  db:
    build: ${DIR:-db}
    env_file: *nope
secrets:
  pw: {file: ./pw.txt}
  ext: {external: true}
configs:
  cf:
    file: "c\u0066"
`
	text = strings.Replace(text, "    env_file: *nope\n", "", 1)
	f := Parse([]byte(text))
	var got []string
	for _, r := range f.References {
		s := fmt.Sprintf("%s %s", strings.TrimPrefix(string(r.Context), "compose."), r.Path.Bytes)
		if r.Owner.Len() > 0 {
			s += " @" + text[r.Owner.Start:r.Owner.End]
		}
		if r.Optional {
			s += " optional"
		}
		if r.Raw {
			s += " raw"
		}
		if r.Form != interpolate.Literal {
			s += " " + r.Form.String()
		}
		got = append(got, s)
	}
	want := []string{
		"include a.yml", "include b.yml", "env-file b.env", "env-file .env @web", "env-file ./x.env @web optional raw", "label-file l @web",
		"build-context ./app @web", "extends e.yml @web", "credential-spec c.json @web", "build-context ${DIR:-db} @db reference", "secret ./pw.txt @pw", "config cf @cf",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), strings.Join(want, "|"))
	}
}

// TestInline: each byte of a Dockerfile leads back to where it was made from.
func TestInline(t *testing.T) {
	text := service("build:\n  dockerfile_inline: |\n    FROM a\n    ENV TOKEN=$$abc\n    RUN x \\\n      y")
	f := Parse([]byte(text))
	if len(f.Inlines) != 1 {
		t.Fatalf("%d Dockerfiles", len(f.Inlines))
	}
	in := f.Inlines[0]
	if got, want := string(in.Text.Bytes), "FROM a\nENV TOKEN=$abc\nRUN x \\\n  y\n"; got != want {
		t.Fatalf("Dockerfile %q, want %q", got, want)
	}
	i := bytes.Index(in.Text.Bytes, []byte("$abc"))
	if s := in.Text.Span(i, i+4); text[s.Start:s.End] != "$$abc" {
		t.Errorf("the value is at %q", text[s.Start:s.End])
	}
	if s := in.Text.Span(i+1, i+4); text[s.Start:s.End] != "abc" {
		t.Errorf("its end is at %q", text[s.Start:s.End])
	}
	if got := text[in.Owner.Start:in.Owner.End]; got != "web" {
		t.Errorf("owner %q", got)
	}
}

func TestProblems(t *testing.T) {
	f := Parse([]byte("services:\n  a:\n    command: x: y\n"))
	if len(f.Problems) == 0 {
		t.Error("a document that is no YAML is not counted")
	}
	if f = Parse([]byte("services:\n  a:\n    command: x\n")); len(f.Problems) != 0 {
		t.Errorf("problems %v", f.Problems)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		names string
		want  bool
	}{
		{"compose.yml compose.yaml docker-compose.yml docker-compose.yaml docker-compose.override.yml compose.override.yaml Docker-Compose.YML", true},
		{"docker-compose-dev.yml docker-compose.prod.yml docker-compose_test.yml docker_compose.yml dockercompose.yml compose-dev.yaml compose.dev.yml", true},
		{"app.compose.yml test-compose.yaml stack.yml docker-stack.yml stack-prod.yml stack.prod.yaml docker-compose.yml.example docker-compose.yml.j2", true},
		{"composer.json composer.yml decompose.yml docker-compose.json docker-compose compose.go compose.md composefile.txt stackstorm.yml", false},
		{"values.yaml .yml x.yml my-stack.yml haystack.yml docker-compose.yml.gz", false},
	} {
		for _, name := range strings.Fields(c.names) {
			if IsCompose(name) != c.want {
				t.Errorf("%s: taken for a compose file: %v", name, !c.want)
			}
		}
	}
}

func TestLooksLikeCompose(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"usual", "version: '3'\nservices:\n  a:\n    image: b\n", true},
		{"build", "services:\n\n  # note\n  a:\n    build: .\n", true},
		{"byte order mark", "\xef\xbb\xbfservices:\r\n  a:\r\n    image: b\r\n", true},
		{"flow", "services:\n  a: {image: b}\n", true},
		{"services of GitLab", "image: a\nservices:\n  - postgres\n", false},
		{"services of GitHub", "jobs:\n  a:\n    services:\n      b:\n        image: c\n", false},
		{"services of Symfony", "services:\n  _defaults:\n    autowire: true\n", false},
		{"services alone", "services:", false},
		{"nothing", "", false},
		{"text", "the services:\n  of image: x\n", false},
		{"second", "my services:\nservices:\n  a:\n    image: b\n", true},
	} {
		if got := LooksLikeCompose([]byte(c.text)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestConcurrent: files that are read at the same time, with memory that goes round, do not mix.
func TestConcurrent(t *testing.T) {
	var want [][]string
	for _, c := range forms {
		want = append(want, lines([]byte(c.text), Parse([]byte(c.text))))
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				for i, c := range forms {
					if got := lines([]byte(c.text), Parse([]byte(c.text))); !slices.Equal(got, want[i]) {
						t.Errorf("%s: got %q", c.name, got)
					}
				}
			}
		})
	}
	group.Wait()
}
