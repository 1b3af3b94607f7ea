package advice

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/structure"
)

const (
	dockerKind = structure.Dockerfile
	comp       = structure.Compose
)

// found is what a test says was found: the secret hunter22 in the text, or, without it, the name.
func found(context assignment.Context, key, text string) Found {
	f := Found{Context: context, Rule: "demo-token", Key: key}
	if i := strings.Index(text, "hunter22"); i >= 0 {
		f.Secret, f.Value = assignment.Span{Start: i, End: i + len("hunter22")}, "hunter22"
		f.Match = f.Secret
		return f
	}
	f.Exposure = true
	i := max(0, strings.Index(text, key))
	f.Match = assignment.Span{Start: i, End: i + len(key)}
	f.Secret = f.Match
	return f
}

// remedyTable has the form, what its remedy says, and what it must not say.
var remedyTable = []struct {
	name    string
	kind    structure.Kind
	context assignment.Context
	key     string
	text    string
	want    []string
	not     []string
}{
	{"ARG and the RUN that uses it", dockerKind, "dockerfile.arg-open", "NPM_TOKEN", "FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n",
		[]string{"  ARG NPM_TOKEN\n", "  # syntax=docker/dockerfile:1\n", "  RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci\n", "  docker build --secret id=npm_token,env=NPM_TOKEN ."}, nil},
	{"ARG named in a later RUN", dockerKind, "dockerfile.arg-open", "DEPLOY_KEY", "FROM a\nARG DEPLOY_KEY\nRUN one\nRUN two $DEPLOY_KEY && three\n",
		[]string{"id=deploy_key,env=DEPLOY_KEY two $DEPLOY_KEY && three"}, []string{"one"}},
	{"ARG of a stage that does not use it", dockerKind, "dockerfile.arg-open", "DEPLOY_KEY", "FROM a AS x\nARG DEPLOY_KEY\nFROM b\nCOPY --from=x /a /a\nRUN two $DEPLOY_KEY\n",
		[]string{"env=DEPLOY_KEY COMMAND", "The final image has no layer of this stage"}, []string{"two"}},
	{"ARG with others", dockerKind, "dockerfile.arg", "DEPLOY", "FROM a\nARG V=1 DEPLOY=hunter22 W\n", []string{"  ARG DEPLOY=…\n", "  ARG V=1 W\n"}, nil},
	{"ENV of an image that reads files", dockerKind, "dockerfile.env", "POSTGRES_PASSWORD", "FROM docker.io/library/postgres:16\nENV POSTGRES_PASSWORD hunter22\n",
		[]string{"  ENV POSTGRES_PASSWORD=…", "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password", "docker run --env-file"}, nil},
	{"ENV of another image", dockerKind, "dockerfile.env", "API_KEY", "FROM node\nENV API_KEY=hunter22\n", []string{"API_KEY: ${API_KEY:?}"}, []string{"_FILE"}},
	{"ENV from ARG", dockerKind, "dockerfile.env-arg", "NPM_TOKEN", "FROM node\nARG N\nENV NPM_TOKEN=$N\nRUN npm ci\n", []string{"  ENV NPM_TOKEN=$N", "env=NPM_TOKEN npm ci"}, nil},
	{"COPY id_rsa", dockerKind, "dockerfile.copy-credential", "id_rsa", "FROM a\nCOPY id_rsa /root/.ssh/id_rsa\nRUN git clone git@example.org:a/b\n",
		[]string{"  COPY id_rsa /root/.ssh/id_rsa", "  RUN --mount=type=ssh git clone git@example.org:a/b", "  docker build --ssh default .", "  **/id_rsa"}, nil},
	{"COPY a key under another name", dockerKind, "dockerfile.copy-credential", "deploy", "FROM a\nCOPY deploy /root/.ssh/id_rsa\nRUN chown -R a /home/a/.git\nRUN git clone git@example.org:a/b && rm -rf /root/.ssh\n",
		[]string{"RUN --mount=type=ssh git clone git@example.org:a/b"}, []string{"chown"}},
	{"COPY .npmrc", dockerKind, "dockerfile.copy-removed", ".npmrc", "FROM a\nWORKDIR /app\nCOPY package.json .npmrc ./\nRUN npm ci && rm .npmrc\n",
		[]string{"RUN --mount=type=secret,id=npmrc,target=/app/.npmrc npm ci\n", "docker build --secret id=npmrc,src=.npmrc .", "  **/.npmrc", "the layer of the copy keeps the file"}, nil},
	{"COPY .env", dockerKind, "dockerfile.copy-credential", ".env", "FROM a\nCOPY .env /app/.env\n", []string{"docker run --env-file .env IMAGE", "target=/app/.env", "  **/.env"}, nil},
	{"COPY --from", dockerKind, "dockerfile.copy-credential", "/k/.npmrc", "FROM a AS b\nFROM c\nCOPY --from=b /k/.npmrc /root/\n", []string{"  COPY --from=b /k/.npmrc", "target=/root/.npmrc"}, []string{".dockerignore"}},
	{"COPY of a pattern", dockerKind, "dockerfile.copy-credential", "certs/*.pem", "FROM a\nCOPY certs/*.pem /etc/ssl/\n", []string{"  COPY certs/*.pem /etc/ssl/", "src=./NAME.pem,dst=/etc/ssl/NAME.pem", "  **/*.pem\n"}, []string{`\*`}},
	{"COPY of a common name", dockerKind, "dockerfile.copy-credential", "./kube/config", "FROM a\nCOPY ./kube/config /root/.kube/config\n", []string{"  kube/config\n"}, []string{"**/config"}},
	{"ADD key store", dockerKind, "dockerfile.copy-credential", "server.p12", "FROM a\nADD [\"server.p12\", \"/etc/ssl/\"]\n", []string{"dst=/etc/ssl/server.p12,readonly", "file: ./server.p12"}, nil},
	{"COPY .git", dockerKind, "dockerfile.copy-credential", ".git", "FROM a\nCOPY .git /src/.git\n", []string{"  .git\n", "git describe"}, nil},
	{"COPY . .", dockerKind, "dockerfile.copy-context", ".", "FROM a\nCOPY . .\n", nil, nil},
	{"written", dockerKind, "dockerfile.secret-written", "api", "FROM a\nRUN --mount=type=secret,id=api cat /run/secrets/api > /app/k && ./x\n",
		[]string{"RUN --mount=type=secret,id=api,target=/app/k ./x"}, []string{"cat "}},
	{"written by npm", dockerKind, "dockerfile.secret-written", "npm", "FROM a\nRUN --mount=type=secret,id=npm npm config set //r/:_authToken=$(cat /run/secrets/npm) && npm ci\n",
		[]string{"target=/root/.npmrc npm ci"}, nil},
	{"curl -u", dockerKind, "dockerfile.run", "", "FROM a\nRUN curl -u ann:hunter22 https://example.org/x | sh\n",
		[]string{"--mount=type=secret,id=netrc curl --netrc-file /run/secrets/netrc https://example.org/x | sh"}, []string{"ann"}},
	{"docker login -p", dockerKind, "dockerfile.run", "", "FROM a\nRUN docker login -u ann -p hunter22 r.example.org\n",
		[]string{"docker login -u ann --password-stdin r.example.org < /run/secrets/demo_token"}, []string{" -p "}},
	{"git clone", dockerKind, "", "", "FROM a\nRUN git clone https://ann:hunter22@example.org/a/b.git\n", []string{"target=/root/.git-credentials git -c credential.helper=store clone https://example.org/a/b.git", "GIT_AUTH_TOKEN"}, nil},
	{"mysql -p", dockerKind, "dockerfile.run", "", "FROM a\nRUN mysql -uroot -phunter22 -e 'select 1'\n", []string{"env=MYSQL_PWD mysql -uroot -e 'select 1'"}, nil},
	{"PGPASSWORD", dockerKind, "dockerfile.run", "PGPASSWORD", "FROM a\nRUN PGPASSWORD=hunter22 psql -h db\n", []string{"id=pgpassword,env=PGPASSWORD psql -h db"}, nil},
	{"echo to .npmrc", dockerKind, "dockerfile.run", "", "FROM a\nRUN echo //r/:_authToken=hunter22 > ~/.npmrc && npm ci\n", []string{"id=npmrc,target=/root/.npmrc npm ci"}, nil},
	{"header in single quotes", dockerKind, "dockerfile.run", "", "FROM a\nRUN curl -H 'X-Auth-Token: hunter22' https://h\n", []string{`curl -H "X-Auth-Token: $DEMO_TOKEN" https://h`}, nil},
	{"JSON form", dockerKind, "dockerfile.run", "", "FROM a\nRUN [\"mysql\", \"-p\", \"hunter22\"]\n", []string{"env=MYSQL_PWD mysql"}, nil},
	{"over lines", dockerKind, "dockerfile.run", "", "FROM a\nRUN one && \\\n  # note\n  tool --token hunter22 && \\\n  two\n", []string{"env=DEMO_TOKEN one && tool --token $DEMO_TOKEN && two"}, []string{"note"}},
	{"LABEL", dockerKind, "dockerfile.label", "k", "FROM a\nLABEL k=hunter22\n", []string{"  LABEL k=…"}, nil},
	{"CMD", dockerKind, "dockerfile.cmd", "password", "FROM a\nCMD run --password hunter22\n", []string{"CMD run --password ${PASSWORD}"}, nil},
	{"comment", dockerKind, "", "", "FROM a\n# ENV A=hunter22\n", []string{"Take the comment out"}, nil},

	{"compose, image that reads files", comp, "compose.environment", "POSTGRES_PASSWORD", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: hunter22\n",
		[]string{"  services:\n    db:\n      environment:\n        POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password\n      secrets:\n        - postgres_password\n  secrets:\n    postgres_password:\n      environment: POSTGRES_PASSWORD"}, nil},
	{"compose, another image, a list", comp, "compose.environment", "API_KEY", "services:\n  web:\n    image: example/web\n    environment:\n      - API_KEY=hunter22\n", []string{"    web:\n", "        - API_KEY=${API_KEY:?}", "/app/.env"}, []string{"_FILE"}},
	{"compose, address", comp, "compose.environment", "DATABASE_URL", "services:\n  web:\n    environment:\n      DATABASE_URL: postgres://u:hunter22@db/x\n", []string{"DATABASE_URL: postgres://u:${DATABASE_PASSWORD:?}@db/x", "Set DATABASE_PASSWORD"}, nil},
	{"compose, found by an expression", comp, "", "", "services:\n  web:\n    image: mysql\n    environment:\n      MYSQL_PASSWORD: hunter22\n", []string{"MYSQL_PASSWORD_FILE"}, nil},
	{"compose, build argument", comp, "compose.build-arg", "NPM_TOKEN", "services:\n  web:\n    build:\n      args:\n        NPM_TOKEN: ${NPM_TOKEN}\n", []string{"      build:\n        secrets:\n          - npm_token\n", "RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN"}, nil},
	{"compose, default", comp, "compose.default", "PW", "services:\n  web:\n    environment:\n      A: ${PW:-hunter22}\n", []string{"${PW:?}"}, nil},
	{"compose, file of a secret", comp, structure.ComposeSecretTracked, "./db/pw.txt", "secrets:\n  db_pw:\n    file: ./db/pw.txt\n", []string{"git rm --cached app/db/pw.txt", "/app/db/pw.txt", "    db_pw:\n      environment: DB_PW"}, nil},
	{"compose, env_file", comp, structure.ComposeEnvTracked, "../prod.env", "services:\n  db:\n    env_file: ../prod.env\n", []string{"git rm --cached prod.env", ".gitignore:     /prod.env", "**/prod.env"}, nil},
	{"compose, env_file not ignored", comp, structure.ComposeEnvUnignored, ".env", "services:\n  db:\n    env_file: .env\n", []string{"  /app/.env"}, nil},

	{".env", structure.Dotenv, "dotenv", "API_KEY", "API_KEY=hunter22\n", []string{"git rm --cached app/x", ".gitignore:     /app/x", "API_KEY="}, nil},
	{".env.example", structure.DotenvSample, "dotenv.sample", "API_KEY", "API_KEY=hunter22\n", []string{"  API_KEY="}, []string{"git rm"}},
	{"workflow, build-args", structure.GitHub, "github.build-arg", "NPM_TOKEN", "build-args: |\n  NPM_TOKEN=${{ secrets.NPM_TOKEN }}\n", []string{"npm_token=${{ secrets.NPM_TOKEN }}", "secrets: |"}, nil},
	{"workflow, docker build", structure.GitHub, "github.run", "NPM_TOKEN", "run: docker build --build-arg NPM_TOKEN=hunter22 .\n", []string{"docker build --secret id=npm_token,env=NPM_TOKEN ."}, nil},
	{"pipeline", structure.GitLab, "gitlab.variables", "DB_PASSWORD", "variables:\n  DB_PASSWORD: hunter22\n", []string{"masked"}, nil},
	{"pipeline, docker login", structure.GitLab, "gitlab.script", "p", "script: docker login -p hunter22\n", []string{"--password-stdin"}, nil},
	{"manifest of a Secret", structure.Kubernetes, "kubernetes.secret", "password", "stringData:\n  password: hunter22\n", []string{"kubeseal", "sops encrypt", "ExternalSecret"}, nil},
	{"manifest of a Secret, found by an expression", structure.Kubernetes, "", "", "kind: Secret\ndata:\n  password: hunter22\n", []string{"kubeseal"}, nil},
	{"workflow, a name that GitHub keeps", structure.GitHub, "github.env", "GITHUB_PAT", "env:\n  GITHUB_PAT: hunter22\n", []string{"gh secret set GH_PAT", "GITHUB_PAT: ${{ secrets.GH_PAT }}"}, nil},
	{"manifest, variable", structure.Kubernetes, "kubernetes.env", "API_KEY", "env:\n- name: API_KEY\n  value: hunter22\n", []string{"secretKeyRef", "- name: API_KEY"}, nil},
	{"bake file", structure.Bake, "bake.arg", "NPM_TOKEN", "target \"a\" {\n  args = { NPM_TOKEN = \"hunter22\" }\n}\n", []string{`secret = ["id=npm_token,env=NPM_TOKEN"]`}, nil},
	{"devcontainer", structure.Devcontainer, "devcontainer.env", "API_KEY", "{\"containerEnv\": {\"API_KEY\": \"hunter22\"}}", []string{`"${localEnv:API_KEY}"`}, nil},
	{"provenance", structure.GitHub, structure.ProvenanceArg, "NPM_TOKEN", "with:\n  provenance: mode=max\n  build-args: NPM_TOKEN=x\n", []string{"provenance: mode=min", "npm_token=${{ secrets.NPM_TOKEN }}"}, nil},
	{"image, variable", structure.ImageConfig, "image.env", "DB_PASSWORD", `{"config":{"Env":["DB_PASSWORD=hunter22"]}}`, []string{"docker run --env-file", "DB_PASSWORD_FILE: /run/secrets/db_password", "history below keep it"}, nil},
	{"image, found by an expression", structure.ImageConfig, "", "", `{"config":{"Env":["A=1","DB_URL=x://u:hunter22@h"],"Labels":{"b":"c"}}}`, []string{"Take DB_URL out"}, nil},
	{"image, in a command", structure.ImageConfig, "command.password", "-p", `{"config":{"Cmd":["mysql","-phunter22"]}}`, []string{"Take the value out of the Dockerfile", "Build the image anew"}, nil},
	{"image, build argument", structure.ImageConfig, "image.build-arg", "NPM_TOKEN", `{"history":[{"created_by":"ARG NPM_TOKEN=hunter22"}]}`, []string{"docker build --secret id=npm_token,env=NPM_TOKEN .", "history below keep it"}, []string{"mode=min"}},
	{"image, label", structure.ImageConfig, "image.label", "k", `{"config":{"Labels":{"k":"hunter22"}}}`, []string{"Take the label out"}, nil},
	{"image, health check", structure.ImageConfig, "image.healthcheck", "PW", `{"config":{"Healthcheck":{"Test":["CMD-SHELL","PW=hunter22 x"]}}}`, []string{"${PW:?}"}, nil},
	{"image, ONBUILD", structure.ImageConfig, "image.onbuild", "PW", `{"config":{"OnBuild":["ENV PW=hunter22"]}}`, []string{"built on this one", "RUN --mount=type=secret,id=pw,env=PW"}, nil},
	{"image, history", structure.ImageConfig, "image.history", "PW", `{"history":[{"created_by":"RUN /bin/sh -c PW=hunter22 x"}]}`, []string{"RUN --mount=type=secret,id=pw,env=PW COMMAND"}, nil},
	{"image, provenance", structure.Provenance, "image.provenance", "NPM_TOKEN", `{"args":{"build-arg:NPM_TOKEN":"hunter22"}}`, []string{"docker build --secret id=npm_token,env=NPM_TOKEN .", "--provenance=mode=min"}, nil},
	{"chart", structure.Helm, "helm.values", "password", "password: hunter22\n", []string{"existingSecret", "sops"}, nil},
}

func TestRemedy(t *testing.T) {
	for _, c := range remedyTable {
		t.Run(c.name, func(t *testing.T) {
			f := found(c.context, c.key, c.text)
			got := At(New(c.kind, []byte(c.text), []Found{f}).Remedy(&f), "app/x") + "\n"
			if got == "\n" {
				t.Fatal("no remedy")
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			for _, not := range append(c.not, "hunter22", "\x01", "\x02", "\x03") {
				if strings.Contains(got, not) {
					t.Errorf("%q in\n%s", not, got)
				}
			}
		})
	}
}

// TestOtherCredentials: of an instruction that is shown no other credential is, known or not.
func TestOtherCredentials(t *testing.T) {
	for _, cmd := range []string{
		"tool --token hunter22 --password PLANTED x",
		"tool --token hunter22 --db-password=PLANTED x",
		"tool --token hunter22 && curl -u ann:PLANTED https://example.org",
		"tool --token hunter22 && curl -H 'Authorization: Bearer PLANTED' https://example.org",
		"tool --token hunter22 && curl -H \"X-Api-Key: PLANTED\" https://example.org",
		"tool --token hunter22 && git clone https://PLANTED@example.org/a",
		"tool --token hunter22 && git clone https://ann:PLANTED@example.org/a",
		"tool --token hunter22 && mysql -uroot -pPLANTED",
		"tool --token hunter22 && mysql -e \"CREATE USER a IDENTIFIED BY 'PLANTED'\"",
		"tool --token hunter22 && sshpass -p PLANTED ssh ann@host",
		"tool --token hunter22 && docker login -u ann -p PLANTED",
		"tool --token hunter22 && redis-cli -a PLANTED",
		"tool --token hunter22 && PGPASSWORD=PLANTED psql",
		"tool --token hunter22 && export API_KEY=PLANTED",
		"tool --token hunter22 && echo 'root:PLANTED' | chpasswd",
		"tool --token hunter22 && chpasswd <<< root:PLANTED",
		"tool --token hunter22 && aws configure set aws_secret_access_key PLANTED",
		"tool --token hunter22 && npm config set //r/:_authToken PLANTED",
		"tool --token hunter22 && npm config set //r/:_authToken=PLANTED",
		"tool --token hunter22 && echo '{\"password\": \"PLANTED\"}' > f",
		"tool --token hunter22 && wget 'https://example.org/?api_key=PLANTED&x=1'",
		"tool --token hunter22 && htpasswd -bc f ann PLANTED",
		"tool --token hunter22 && x=$(curl -u ann:PLANTED https://example.org)",
		"tool --token hunter22 && x=`curl -u ann:PLANTED https://example.org`",
		"tool --token hunter22 && echo \"$(a $(curl -u ann:PLANTED https://example.org))\"",
		"tool --token hunter22 && (cd x; curl -u ann:PLANTED https://example.org)",
		"tool --token hunter22 && sh -c 'curl -u ann:PLANTED https://example.org'",
		"tool --token hunter22 random9Kd83jFh27sPq0LmZx41",
		"tool --token hunter22 <<EOF\npassword=PLANTED\nEOF",
	} {
		const planted = "swordfish7"
		text := "FROM a\nRUN " + strings.ReplaceAll(cmd, "PLANTED", planted) + "\n"
		f := found("dockerfile.run", "token", text)
		got := New(dockerKind, []byte(text), []Found{f}).Remedy(&f)
		if !strings.Contains(got, "tool --token $TOKEN") {
			t.Errorf("%s: not rewritten:\n%s", cmd, got)
		}
		for _, not := range []string{planted, "hunter22", "9Kd83jFh27sPq0LmZx41"} {
			if strings.Contains(got, not) {
				t.Errorf("%s: %q in\n%s", cmd, not, got)
			}
		}
	}
	// What looks like nothing is hidden when the detector found it.
	text := "FROM a\nRUN tool --token hunter22 plainword\n"
	f := found("dockerfile.run", "token", text)
	i := strings.Index(text, "plainword")
	other := Found{Secret: assignment.Span{Start: i, End: i + 9}, Value: "plainword"}
	if got := New(dockerKind, []byte(text), []Found{f, other}).Remedy(&f); strings.Contains(got, "plainword") || !strings.Contains(got, "tool") {
		t.Errorf("%s", got)
	}
}

// TestWeakValue: a password that is part of a name is not given away by the names that are made.
func TestWeakValue(t *testing.T) {
	text := "services:\n  dbadmin:\n    image: postgres\n    environment:\n      DBADMIN_PASSWORD: dbadmin\n"
	i := strings.LastIndex(text, "dbadmin")
	f := Found{Context: "compose.environment", Key: "DBADMIN_PASSWORD", Value: "dbadmin", Match: assignment.Span{Start: i, End: i + 7}, Secret: assignment.Span{Start: i, End: i + 7}}
	if got := New(comp, []byte(text), []Found{f}).Remedy(&f); strings.Contains(got, "dbadmin") || !strings.Contains(got, ":?}") {
		t.Errorf("%s", got)
	}
	text = strings.ReplaceAll(text, "dbadmin", "secret")
	i = strings.LastIndex(text, "secret")
	f = Found{Context: "compose.environment", Key: "DB_PASSWORD", Value: "secret", Match: assignment.Span{Start: i, End: i + 6}, Secret: assignment.Span{Start: i, End: i + 6}}
	if got := New(comp, []byte(text), []Found{f}).Remedy(&f); !strings.Contains(got, "secrets: [db_password]") {
		t.Errorf("a word of the advice itself is taken out:\n%s", got)
	}
}

func TestAt(t *testing.T) {
	all := "git rm --cached " + shellPath("") + " | " + gitLine("") + " | " + base("") + " | " + shellPath("../x y") + " | " + gitLine("../[a]")
	for path, want := range map[string]string{
		".env":          "git rm --cached .env | /.env | .env | '../x y' | /../\\[a]",
		"a/b/.env":      "git rm --cached a/b/.env | /a/b/.env | .env | 'a/x y' | /a/\\[a]",
		"a/it's*.env":   "git rm --cached 'a/it'\\''s*.env' | /a/it's\\*.env | it's*.env | 'x y' | /\\[a]",
		"a/\x1b[1m\n/x": "git rm --cached 'a/[1m /x' | /a/\\[1m\\ /x | x | 'a/x y' | /a/\\[a]",
		"":              "git rm --cached FILE | FILE | FILE | '../x y' | /../\\[a]",
	} {
		if got := At(all, path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestFileVariable(t *testing.T) {
	for _, c := range []struct{ image, name, want string }{
		{"postgres", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"}, {"docker.io/library/postgres:16@sha256:00", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"},
		{"localhost:5000/postgis/postgis", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"}, {"postgres", "API_KEY", ""}, {"redis", "REDIS_PASSWORD", ""},
		{"mysql:8", "MYSQL_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE"}, {"mongo", "MONGO_INITDB_ROOT_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD_FILE"},
		{"grafana/grafana", "GF_SECURITY_ADMIN_PASSWORD", "GF_SECURITY_ADMIN_PASSWORD__FILE"}, {"lscr.io/linuxserver/x", "PASSWORD", "FILE__PASSWORD"},
		{"example/postgres", "POSTGRES_PASSWORD", ""}, {"${IMAGE:-postgres}", "POSTGRES_PASSWORD", ""}, {"", "A", ""},
	} {
		if got := fileVariable(c.image, c.name); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.image, c.name, got, c.want)
		}
	}
}

// TestWhy: each context that a reader may give, read from the sources of detect, has something of its own to say.
func TestWhy(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			typ, text := "", ""
			switch x := v.Type.(type) {
			case *ast.SelectorExpr:
				typ = x.Sel.Name
			case *ast.Ident:
				typ = x.Name
			}
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				text, _ = strconv.Unquote(lit.Value)
			}
			if typ != "Context" || text == "" {
				return true
			}
			seen++
			if got := Why(assignment.Context(text)); got == "" || got == whyText && text != string(assignment.Text) {
				t.Errorf("%s (%s): nothing of its own", text, v.Names[0])
			}
			if w := Where(assignment.Context(text)); w == "" || w == text {
				t.Errorf("%s: no words for it: %q", text, w)
			}
			return true
		})
	}
	if seen < 50 {
		t.Errorf("only %d contexts", seen)
	}
	if Why("") != whyText {
		t.Errorf("free text: %q", Why(""))
	}
}

func TestRotate(t *testing.T) {
	for name, c := range map[string]struct {
		rule *detect.Rule
		want string
	}{
		"unknown":  {nil, rotateGeneric},
		"provider": {&detect.Rule{ID: "a", Remedy: "Revoke it."}, "Revoke it."},
		"generic":  {&detect.Rule{ID: "a", Remedy: "Revoke it.", Tags: []string{"generic"}}, rotateGeneric},
		"exposure": {&detect.Rule{ID: "a", Kind: detect.KindExposure, Remedy: "Mount it."}, rotateFile},
	} {
		if got := Rotate(c.rule); len(got) != 3 || got[0] != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestBounds: a file full of findings gets advice that is linear in it.
func TestBounds(t *testing.T) {
	line := "RUN tool --token hunter22 " + strings.Repeat("x ", 1000) + "\n"
	text := "FROM a\n" + strings.Repeat(line, 3000)
	var all []Found
	for i := 0; i < 3000; i++ {
		at := len("FROM a\n") + i*len(line) + len("RUN tool --token ")
		all = append(all, Found{Context: "dockerfile.run", Key: "token", Value: "hunter22", Match: assignment.Span{Start: at, End: at + 8}, Secret: assignment.Span{Start: at, End: at + 8}})
	}
	a := New(dockerKind, []byte(text), all)
	general := 0
	for i := range all {
		if r := a.Remedy(&all[i]); strings.Contains(r, "hunter22") || r == "" {
			t.Fatal(r)
		} else if strings.Contains(r, "COMMAND") {
			general++
		}
	}
	if a.spent > maxSpent || general == 0 || general == len(all) {
		t.Errorf("%d bytes rewritten, %d of %d in general", a.spent, general, len(all))
	}
}

// FuzzRemedy: no panic, and the value never comes out, whatever the file and wherever in it the value stands.
func FuzzRemedy(f *testing.F) {
	for _, c := range remedyTable {
		x := found(c.context, c.key, c.text)
		f.Add(uint8(c.kind), c.text, string(c.context), c.key, x.Secret.Start, x.Secret.End, x.Exposure)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text, context, key string, start, end int, exposure bool) {
		if len(text) > 1<<16 || start < 0 || end < start || end > len(text) {
			return
		}
		s := assignment.Span{Start: start, End: end}
		x := Found{Context: assignment.Context(context), Rule: "demo-token", Key: key, Match: s, Secret: s, Value: text[start:end], Exposure: exposure}
		got := New(structure.Kind(kind%uint8(structure.YAML)), []byte(text), []Found{x}).Remedy(&x)
		if len(got) > 2*maxRemedy || strings.ContainsAny(At(got, "a/b"), "\x01\x02\x03\x1b") {
			t.Errorf("%q", got)
		}
		if v := x.Value; !exposure && len(v) >= minHidden && strings.Contains(got, v) && !strings.Contains(vocabulary, v) {
			t.Errorf("%q is in\n%s", v, got)
		}
	})
}
