package yamlfile

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rummage/detect/carrier/carriertest"
)

// lines writes entries, see carriertest.
func lines(data []byte, f *File) []string { return carriertest.Lines("", data, f.Assignments) }

// check holds a file to what is true of every one.
func check(t *testing.T, data []byte, f *File) {
	t.Helper()
	carriertest.Check(t, data, f.Assignments)
	if n := len(f.Assignments); n > 4*len(data)+8 {
		t.Fatalf("%d assignments from %d bytes", n, len(data))
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// forms are files with the entries that are read.
var forms = []struct {
	name, file, text string
	want             []string
}{
	{"secret", "s.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  labels: {a: b}\ntype: Opaque\ndata:\n  password: " + b64("hunter2") +
		"\n  cert: |\n    aHVu\n    dGVyMg==\n  bad: '***'\n  tpl: {{ .x | b64enc }}\n  none:\nstringData:\n  token: pa$$w\n", []string{
		"kubernetes.value apiVersion=v1 @db", "kubernetes.value kind=Secret @db", "kubernetes.value name=db @db", "kubernetes.annotation a=b @db",
		"kubernetes.value type=Opaque @db", "kubernetes.secret password=hunter2 q @db", "kubernetes.secret cert=hunter2 q @db", "kubernetes.secret bad=*** q @db",
		"kubernetes.secret tpl={{ .x | b64enc }} ? @db", "kubernetes.secret none= ! @db", "kubernetes.secret token=pa$$w @db"}},
	{"pull secret", "s.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  .dockerconfigjson: " +
		b64(`{"auths":{"r.io":{"username":"u","password":"hunter2","auth":"`+b64("u:hunter2")+`"}}}`) + "\n", []string{
		"kubernetes.value apiVersion=v1", "kubernetes.value kind=Secret",
		`kubernetes.secret .dockerconfigjson={"auths":{"r.io":{"username":"u","password":"hunter2","auth":"` + b64("u:hunter2") + `"}}} q`,
		"kubernetes.secret .dockerconfigjson=hunter2 q", "kubernetes.secret .dockerconfigjson=hunter2 q"}},
	{"external secret", "s.yaml", "apiVersion: x/v1\nkind: ClusterExternalSecret\nspec:\n  externalSecretSpec:\n    data:\n    - secretKey: password\n      remoteRef: {key: a}\n    target: {template: {data: {b: c}}}\n", []string{
		"kubernetes.value apiVersion=x/v1", "kubernetes.value kind=ClusterExternalSecret", "kubernetes.sealed secretKey=password", "kubernetes.sealed key=a", "kubernetes.value b=c"}},
	{"sealed secret", "s.yaml", "apiVersion: x/v1\nkind: SealedSecret\nspec:\n  encryptedData:\n    password: AgBy\n", []string{
		"kubernetes.value apiVersion=x/v1", "kubernetes.value kind=SealedSecret", "kubernetes.sealed password=AgBy"}},
	{"config map", "c.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  DB_PASSWORD: hunter2\n  app.ini: |\n    a=b\n", []string{
		"kubernetes.value apiVersion=v1", "kubernetes.value kind=ConfigMap", "kubernetes.config DB_PASSWORD=hunter2", "kubernetes.config app.ini=a=b\n"}},
	{"pod", "p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: web\n    image: nginx\n    command: [\"x\", \"--password\", \"hunter2\"]\n    args:\n    - --token=abc\n    env:\n    - name: DB_PASSWORD\n      value: hunter2\n    - name: FROM\n      valueFrom:\n        secretKeyRef: {name: s, key: k}\n    - name: REF\n      value: $(DB_PASSWORD)\n", []string{
		"kubernetes.value apiVersion=v1 @p", "kubernetes.value kind=Pod @p", "kubernetes.value name=p @p", "kubernetes.value name=web @p", "kubernetes.image image=nginx @p",
		"kubernetes.command command=x q @p", "kubernetes.command command=--password q @p", "kubernetes.command command=hunter2 q @p", "command.flag password=hunter2 @p",
		"kubernetes.command args=--token=abc @p", "command.flag token=abc @p", "kubernetes.env DB_PASSWORD=hunter2 @p", "kubernetes.value name=FROM @p",
		"kubernetes.value name=s @p", "kubernetes.value key=k @p", "kubernetes.env REF=$(DB_PASSWORD) ? @p"}},
	{"script of a pod", "p.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  command: [sh, -c, 'mysql --password=\"$PW\" --user ${U:-root}']\n", []string{
		"kubernetes.value apiVersion=v1", "kubernetes.value kind=Pod", "kubernetes.command command=sh", "kubernetes.command command=-c",
		"kubernetes.command command=mysql --password=\"$PW\" --user ${U:-root} ~ q", "yaml.default U=root", "command.password --password=$PW ? q",
		"kubernetes.command user=${U:-root} ?", "yaml.default U=root", "yaml.default user=root"}},
	{"list of objects", "l.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n  stringData: {k: v}\n", []string{
		"kubernetes.value apiVersion=v1", "kubernetes.value kind=List", "kubernetes.value apiVersion=v1 @a", "kubernetes.value kind=Secret @a",
		"kubernetes.value name=a @a", "kubernetes.secret k=v @a"}},
	{"manifest among others", "x.yaml", "a: b\n---\napiVersion: v1\nkind: Secret\nstringData: {k: v}\n", []string{
		"kubernetes.value a=b", "kubernetes.value apiVersion=v1", "kubernetes.value kind=Secret", "kubernetes.secret k=v"}},
	{"workflow", ".github/workflows/ci.yml", "on: push\nenv:\n  TOKEN: abc\n  REF: ${{ secrets.X }}\n  OR: ${{ secrets.Y || 'hunter2' }}\njobs:\n  build:\n    container:\n      image: node\n      credentials: {password: p}\n      env: {A: b}\n    services:\n      db:\n        image: postgres\n        env:\n          POSTGRES_PASSWORD: postgres\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          password: ${{ secrets.P }}\n          build-args: |\n            TOKEN=abc\n            REF=${{ secrets.Z }}\n            # C=d\n          secrets: |\n            id=v\n      - uses: docker://alpine:3\n      - run: docker login -u u --password hunter2\n        env: {C: d}\n      - run: |\n          docker build --build-arg TOKEN=abc .\n          x --key $KEY\n", []string{
		"github.value on=push", "github.env TOKEN=abc", "github.env REF=${{ secrets.X }} ?", "github.env OR=${{ secrets.Y || 'hunter2' }} ?", "yaml.default Y=hunter2", "yaml.default OR=hunter2",
		"github.image image=node @build", "github.value password=p @build", "github.env A=b @build", "github.image image=postgres @db", "github.env POSTGRES_PASSWORD=postgres @db",
		"github.value uses=docker/build-push-action@v6 @build", "github.with push=true @build", "github.with password=${{ secrets.P }} ? @build", "github.build-arg TOKEN=abc @build",
		"github.build-arg REF=${{ secrets.Z }} ? @build", "github.build-secret id=v @build", "github.image uses=docker://alpine:3 @build",
		"github.run run=docker login -u u --password hunter2 @build", "command.password --password=hunter2 @build", "github.env C=d @build",
		"github.run run=docker build --build-arg TOKEN=abc .\nx --key $KEY\n ~ @build", "command.build-arg TOKEN=abc @build", "github.run key=$KEY ? @build"}},
	{"action", "x/action.yml", "inputs:\n  token:\n    default: abc\nruns:\n  image: docker://x\n", []string{"github.value default=abc", "github.image image=docker://x"}},
	{"pipeline", ".gitlab-ci.yml", "image: ruby:3\nvariables:\n  TOKEN: abc\n  OTHER:\n    value: def\n    description: d\nservices:\n  - postgres:16\n  - name: redis\n    variables: {A: b}\nbuild:\n  image:\n    name: docker\n    entrypoint: [\"\"]\n  variables:\n    C: $D\n  script:\n    - docker login --password hunter2\n    - echo $X\n  before_script: [x]\n  rules:\n    - if: $A\n      variables: {E: f}\n", []string{
		"gitlab.image image=ruby:3", "gitlab.variables TOKEN=abc", "gitlab.variables OTHER=def", "gitlab.value description=d", "gitlab.image services=postgres:16", "gitlab.image name=redis",
		"gitlab.variables A=b", "gitlab.image name=docker @build", "gitlab.script entrypoint= q @build", "gitlab.variables C=$D ? @build",
		"gitlab.script script=docker login --password hunter2 @build", "command.password --password=hunter2 @build", "gitlab.script script=echo $X ~ @build",
		"gitlab.script before_script=x @build", "gitlab.value if=$A ? @build", "gitlab.variables E=f @build"}},
	{"values", "chart/values.yaml", "image: nginx\npostgresql:\n  auth:\n    password: hunter2\n    existing:\nenv:\n  - name: A\n    value: b\n  - name: C\n    valueFrom: {k: v}\nextraEnv:\n  D: e\n", []string{
		"helm.image image=nginx", "helm.values password=hunter2", "helm.values existing= !", "helm.values A=b", "helm.values name=C", "helm.values k=v", "helm.values D=e"}},
	{"any", "x.yml", "db:\n  password: hunter2\nlist:\n  - a\n  - key: K\n    value: v\n    more: m\nenv:\n  - A=b\n  - CC=d EE=f\n  - \"G=h i\"\n  - secure\ncommand: x --key ${K:-k}\n", []string{
		"yaml password=hunter2", "yaml list=a", "yaml K=v", "yaml more=m", "yaml A=b", "yaml CC=d", "yaml EE=f", "yaml G=h i q", "yaml env=secure",
		"yaml command=x --key ${K:-k} ~", "yaml.default K=k", "yaml key=${K:-k} ?", "yaml.default K=k", "yaml.default key=k"}},
	{"anchors", "x.yml", "a: &a {password: hunter2}\nb: *a\nc:\n  <<: *a\n  d: e\n", []string{"yaml password=hunter2", "yaml d=e"}},
	{"template of a chart", "templates/s.yaml", "{{- if .x }}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .n }}\nstringData:\n  password: hunter2\n  {{- range .y }}\n  a: {{ . }}/b\n  {{- end }}\n{{- end }}\n", []string{
		"kubernetes.value apiVersion=v1 @{{ .n }}", "kubernetes.value kind=Secret @{{ .n }}", "kubernetes.value name={{ .n }} ? @{{ .n }}", "kubernetes.secret password=hunter2 @{{ .n }}",
		"kubernetes.secret a={{ . }}/b ~ @{{ .n }}"}},
	{"scalar", "x.yml", "hunter2\n", []string{"yaml =hunter2"}},
	{"JSON", "x.yml", "{\"containerEnv\": {\"TOKEN\": \"abc\"}, \"build\": {\"args\": {\"A\": \"b\"}}}\n", []string{"yaml TOKEN=abc q", "yaml A=b q"}},
	{"nothing", "x.yml", "", nil},
}

func TestForms(t *testing.T) {
	for _, c := range forms {
		t.Run(c.name, func(t *testing.T) {
			data := []byte(c.text)
			f := parse(c.file, data)
			if got := lines(data, f); !slices.Equal(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), strings.Join(c.want, "|"))
			}
			check(t, data, f)
		})
	}
}

func TestRecognize(t *testing.T) {
	manifest, workflow := "apiVersion: v1\nkind: Pod\n", "name: x\non: push\njobs: {}\n"
	for _, c := range []struct {
		name, text string
		want       Kind
	}{
		{".github/workflows/ci.yml", "", GitHub}, {"a/.github/workflows/ci.yaml", "", GitHub}, {".gitea/workflows/x.yml", "", GitHub}, {"action.yml", "", GitHub},
		{".github/dependabot.yml", "", Other}, {"workflows/ci.yml", "", Other}, {"x.yml", workflow, GitHub},
		{".gitlab-ci.yml", "", GitLab}, {"a/b.gitlab-ci.yml", "", GitLab}, {".gitlab-ci/build.yml", "", GitLab}, {".gitlab/ci/x.yml", "", GitLab}, {".gitlab-ci-x.yml", "", GitLab},
		{"gitlab.yml", "", Other}, {"values.yaml", "", Helm}, {"c/values-prod.yml", "", Helm}, {"prod.values.yaml", "", Helm}, {"values.yaml", manifest, Kubernetes},
		{"myvalues.yaml", "", Other}, {"p.yaml", manifest, Kubernetes}, {"p.yaml", "\xef\xbb\xbf" + manifest, Kubernetes}, {"p.yaml", "  " + manifest, Other},
	} {
		if got := recognize(c.name, []byte(c.text)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	for name, want := range map[string]bool{"a.yml": true, "a.YAML": true, "yml": false, ".yml": false, "a.yml.j2": false, "a.json": false} {
		if IsYAML(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// TestPlaces proves offsets by reading the bytes there.
func TestPlaces(t *testing.T) {
	text := "apiVersion: v1\nkind: Secret\ndata:\n  password: " + b64("hunter2") + "\n  \"to\\u006ben\": '" + b64("other") + "'\n"
	f := parse("s.yaml", []byte(text))
	n := 0
	for _, e := range f.Assignments {
		if e.Context != KubernetesSecret {
			continue
		}
		n++
		if got, want := text[e.Value.Start:e.Value.End], b64(string(e.Decoded)); got != want {
			t.Errorf("%q at the place of %q", got, want)
		}
	}
	if n != 2 {
		t.Errorf("%d secrets", n)
	}
}

// TestDeep: what is too deep is counted.
func TestDeep(t *testing.T) {
	data := []byte(strings.Repeat("[", 3000) + "x" + strings.Repeat("]", 3000))
	f := parse("x.yml", data)
	if len(f.Problems) == 0 {
		t.Error("no problem")
	}
	check(t, data, f)
}

// TestHostile: aliases of aliases take no longer than anything else.
func TestHostile(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Secret\nx0: &a0 [x, x]\n")
	for i := 1; i < 4000; i++ {
		fmt.Fprintf(&b, "x%d: &a%d [*a%d, *a%d, {name: *a%d, value: *a0}]\n", i, i, i-1, i-1, i-1)
	}
	b.WriteString("s: &s " + strings.Repeat("y", 1<<16) + "\n")
	for range 4000 {
		b.WriteString("- *s\n")
	}
	data := []byte(b.String())
	for k := Other; k <= Helm; k++ {
		check(t, data, k.Parse(data))
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range forms {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for k := Other; k <= Helm; k++ {
			check(t, data, k.Parse(data))
		}
		check(t, data, parse("x.yaml", data))
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range forms {
		switch c.name {
		case "pod", "workflow", "pipeline", "values", "any":
		default:
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			data := []byte(strings.Repeat("---\n"+c.text, 20))
			kind := recognize(c.file, data)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				kind.Parse(data)
			}
		})
	}
}

// recognize says what a YAML file is by its name, folders included (with slashes), and then by its content.
func recognize(name string, data []byte) Kind {
	switch {
	case IsGitHub(name):
		return GitHub
	case IsGitLab(name):
		return GitLab
	case LooksLikeKubernetes(data):
		return Kubernetes
	case IsHelmValues(name):
		return Helm
	case LooksLikeGitHub(data):
		return GitHub
	}
	return Other
}

// parse reads a file as what it is by its name and content.
func parse(name string, data []byte) *File { return recognize(name, data).Parse(data) }
