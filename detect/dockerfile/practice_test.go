package dockerfile_test

import (
	"slices"
	"strings"
	"testing"

	"rummage/detect/dockerfile"
)

// practices is what Practices finds, as "context name", without the family in the context.
func practices(t *testing.T, text string) (list []string) {
	t.Helper()
	f := dockerfile.Parse([]byte(text))
	for _, a := range dockerfile.Practices(f) {
		if a.Name.Start < 0 || a.Name.End > len(text) || a.Value.Start < 0 || a.Value.Start > a.Value.End || a.Value.End > len(text) {
			t.Fatalf("%q: out of bounds: %+v", text, a)
		}
		s := strings.TrimPrefix(string(a.Context), "dockerfile.") + " " + text[a.Name.Start:a.Name.End]
		if a.Remark != nil && a.Remark.Builder {
			s += " (builder)"
		}
		list = append(list, s)
	}
	var read []string
	for _, a := range new(dockerfile.Reader).Read([]byte(text)).Assignments {
		c := strings.TrimPrefix(string(a.Context), "dockerfile.")
		switch a.Context {
		case dockerfile.ContextArgOpen, dockerfile.ContextEnvArg, dockerfile.ContextSecretEnv, dockerfile.ContextCopyCredential,
			dockerfile.ContextCopyRemoved, dockerfile.ContextCopyAll, dockerfile.ContextSecretWritten:
			c += " " + text[a.Name.Start:a.Name.End]
			if a.Remark != nil && a.Remark.Builder {
				c += " (builder)"
			}
			read = append(read, c)
		}
	}
	if !slices.Equal(read, list) {
		t.Errorf("%q: a Reader finds %q, Practices %q", text, read, list)
	}
	return list
}

// TestVariablePractices: ARG and ENV, wherever they get their values from.
func TestVariablePractices(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"FROM a\nARG NPM_TOKEN\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nARG NPM_TOKEN=hunter2\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nARG NPM_TOKEN=\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nARG A=1 NPM_TOKEN B\n", []string{"arg-open A", "arg-open NPM_TOKEN", "arg-open B"}},
		{"FROM a\narg NPM_TOKEN\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nARG \\\n  # why\n  NPM_TOKEN\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nARG \"NPM_TOKEN=hunter2\"\n", []string{"arg-open NPM_TOKEN"}},
		{"ARG NPM_TOKEN\nFROM a\n", nil},
		{"ARG NPM_TOKEN\nFROM a\nARG NPM_TOKEN\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nONBUILD ARG NPM_TOKEN\n", []string{"arg-open NPM_TOKEN"}},
		{"FROM a\nARG\n", nil},
		{"FROM a AS b\nARG T\nFROM c\nCOPY --from=b /x /x\n", []string{"arg-open T (builder)"}},
		{"FROM a AS b\nARG T\nFROM b\n", []string{"arg-open T"}},

		{"FROM a\nARG T\nENV T=$T\n", []string{"arg-open T", "env-arg T"}},
		{"FROM a\nARG T\nENV T=${T}\n", []string{"arg-open T", "env-arg T"}},
		{"FROM a\nARG T\nENV T ${T}\n", []string{"arg-open T", "env-arg T"}},
		{"FROM a\nARG T\nENV X=\"a:${T}@b\" Y=1\n", []string{"arg-open T", "env-arg X"}},
		{"FROM a\nARG T\nENV X=${T:-hunter2}\n", []string{"arg-open T", "env-arg X"}},
		{"FROM a\nARG T\nENV X=${T:?needed}\n", []string{"arg-open T", "env-arg X"}},
		{"FROM a\nARG T\nENV X=${Y:-$T}\n", []string{"arg-open T", "env-arg X"}},
		{"FROM a\nARG T\nENV X='$T'\n", []string{"arg-open T"}},
		{"FROM a\nARG T\nENV X=\\$T\n", []string{"arg-open T"}},
		{"FROM a\nENV X=$T\n", nil},
		{"FROM a\nENV T=1\nENV X=$T\n", nil},
		{"ARG T\nFROM a\nENV X=$T\n", nil}, // not in scope
		{"ARG T\nFROM a\nARG T\nENV X=$T\n", []string{"arg-open T", "env-arg X"}},
		{"ARG T=1\nFROM a\nARG T\nENV X=$T\n", []string{"arg-open T", "env-arg X"}},
		// Hops.
		{"FROM a\nARG T\nENV X=$T\nENV Y=$X\n", []string{"arg-open T", "env-arg X", "env-arg Y"}},
		{"FROM a\nARG T\nARG U=$T\nENV X=$U\n", []string{"arg-open T", "arg-open U", "env-arg X"}},
		{"FROM a\nARG T\nARG U=$T\nENV W=$U\nENV X=p-$W\nENV Y=$X\n",
			[]string{"arg-open T", "arg-open U", "env-arg W", "env-arg X", "env-arg Y"}},
		// Stages.
		{"FROM a AS b\nARG T\nFROM b\nENV X=$T\n", []string{"arg-open T", "env-arg X"}},
		{"FROM a AS b\nARG T\nFROM c\nENV X=$T\n", []string{"arg-open T"}},
		{"FROM a AS b\nARG T\nENV X=$T\nFROM b AS c\nENV Y=$X\nFROM c\nENV Z=$Y\n", []string{"arg-open T", "env-arg X", "env-arg Y", "env-arg Z"}},
		{"FROM a AS b\nARG T\nENV X=$T\nFROM c\nCOPY --from=b /o /o\n", []string{"arg-open T (builder)", "env-arg X (builder)"}},
		{"FROM a\nARG T\nONBUILD ENV X=$T\n", []string{"arg-open T", "env-arg X"}},
		{"FROM a\nONBUILD ARG T\nONBUILD ENV X=$T\n", []string{"arg-open T", "env-arg X"}},

		// What is mounted as a secret and set by ENV as well.
		{"FROM a\nRUN --mount=type=secret,id=npm_token x\nENV NPM_TOKEN=$Y\n", []string{"secret-env NPM_TOKEN"}},
		{"FROM a\nRUN --mount=type=secret,id=npm-token x\nENV NPM_TOKEN=hunter2\n", []string{"secret-env NPM_TOKEN"}},
		{"FROM a\nENV NPM_TOKEN=hunter2\nRUN --mount=type=secret,id=x,env=NPM_TOKEN x\n", []string{"secret-env NPM_TOKEN"}},
		{"FROM a\nARG NPM_TOKEN\nENV NPM_TOKEN=$NPM_TOKEN\nRUN --mount=type=secret,id=NPM_TOKEN x\n", []string{"arg-open NPM_TOKEN", "env-arg NPM_TOKEN"}},
		{"FROM a\nRUN --mount=type=secret,id=npm_token x\nENV NPM_TOKEN=/run/secrets/npm_token\n", nil},
		{"FROM a\nRUN --mount=type=secret,id=npm_token x\nENV NPM_TOKEN_FILE=/run/secrets/npm_token\n", nil},
		{"FROM a\nRUN --mount=type=secret,id=npm_token x\nENV NPM_TOKEN=\n", nil},
		{"FROM a\nRUN --mount=type=cache,id=npm_token x\nENV NPM_TOKEN=hunter2\n", nil},
		{"FROM a AS b\nRUN --mount=type=secret,id=t x\nENV T=hunter2\nFROM c\nCOPY --from=b /o /o\n", nil}, // no final stage has it
	} {
		if got := practices(t, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// TestCopyPractices: sources of COPY and ADD.
func TestCopyPractices(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"FROM a\nCOPY id_rsa /root/.ssh/id_rsa\n", []string{"copy-credential id_rsa"}},
		{"FROM a\nADD id_rsa /root/.ssh/id_rsa\n", []string{"copy-credential id_rsa"}},
		{"FROM a\nONBUILD COPY .npmrc ./\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY package.json .npmrc .env ./\n", []string{"copy-credential .npmrc", "copy-credential .env"}},
		{"FROM a\nCOPY [\"package.json\", \".npmrc\", \"./\"]\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY --chown=1:1 --chmod=600 .npmrc ./\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY --link .npmrc ./\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY config/prod.env deploy/keys/server.key ./\n", []string{"copy-credential config/prod.env", "copy-credential deploy/keys/server.key"}},
		{"FROM a\nCOPY *.pem /certs/\n", []string{"copy-credential *.pem"}},
		{"FROM a\nCOPY .env* ./\n", []string{"copy-credential .env*"}},
		{"FROM a\nCOPY keys/id_* /root/.ssh/\n", []string{"copy-credential keys/id_*"}},
		{"FROM a\nCOPY .ssh/ /root/.ssh/\n", []string{"copy-credential .ssh/"}},
		{"FROM a\nCOPY .aws /root/.aws\nCOPY .git ./.git\nCOPY .docker/config.json /root/.docker/\n",
			[]string{"copy-credential .aws", "copy-credential .git", "copy-credential .docker/config.json"}},
		{"FROM a\nCOPY \".npmrc\" ./\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY \\\n  package.json \\\n  # login\n  .npmrc \\\n  ./\n", []string{"copy-credential .npmrc"}},
		{"FROM a AS b\nCOPY .npmrc ./\nFROM c\nCOPY --from=b /o /o\n", []string{"copy-credential .npmrc (builder)"}},
		{"FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /root/.ssh/id_rsa /x\n", []string{"copy-credential /root/.ssh/id_rsa"}},
		{"FROM a\nCOPY .env.example .env\n", nil},
		{"FROM a\nCOPY id_rsa.pub ca.pem fullchain.pem ./\n", nil},
		{"FROM a\nCOPY package.json yarn.lock ./\n", nil},
		{"FROM a\nCOPY .npmrc\n", nil}, // no destination: no builder takes it
		{"FROM a\nADD https://example.org/.env git@example.org:a/id_rsa ./\n", nil},
		{"FROM a\nCOPY <<.env /app/\nA=1\n.env\n", nil},
		{"FROM a\nRUN COPY .npmrc ./\n", nil},

		{"FROM a\nCOPY . .\n", []string{"copy-context ."}},
		{"FROM a\nCOPY ./ /app\n", []string{"copy-context ./"}},
		{"FROM a\nADD . /app/\n", []string{"copy-context ."}},
		{"FROM a\nCOPY [\".\", \"/app\"]\n", []string{"copy-context ."}},
		{"FROM a\nCOPY --chown=node:node . .\n", []string{"copy-context ."}},
		{"FROM a\nCOPY * /app/\n", []string{"copy-context *"}},
		{"FROM a\nCOPY / /app\n", []string{"copy-context /"}},
		{"FROM a\nONBUILD COPY . .\n", []string{"copy-context ."}},
		{"FROM a AS b\nCOPY . .\nFROM c\nCOPY --from=b /o /o\n", []string{"copy-context . (builder)"}},
		{"FROM a AS b\nFROM c\nCOPY --from=b . .\n", nil},
		{"FROM a\nCOPY --exclude=.env . .\n", nil},
		{"FROM a\nCOPY src .\n", nil},

		// Deleted later.
		{"FROM a\nCOPY .npmrc ./\nRUN npm ci && rm .npmrc\n", []string{"copy-removed .npmrc"}},
		{"FROM a\nCOPY .npmrc ./\nRUN npm ci && rm -f ./.npmrc\n", []string{"copy-removed .npmrc"}},
		{"FROM a\nCOPY .npmrc ./\nRUN npm ci\nRUN [\"rm\", \".npmrc\"]\n", []string{"copy-removed .npmrc"}},
		{"FROM a\nCOPY .npmrc ./\nRUN <<EOF\nnpm ci\nrm .npmrc\nEOF\n", []string{"copy-removed .npmrc"}},
		{"FROM a\nCOPY id_rsa /root/.ssh/id_rsa\nRUN x\nRUN rm -rf /root/.ssh\n", []string{"copy-removed id_rsa"}},
		{"FROM a\nCOPY id_rsa /root/.ssh/\nRUN rm -rf /root/.ssh/*\n", []string{"copy-removed id_rsa"}},
		{"FROM a\nCOPY keys/id_rsa /root/.ssh/key\nRUN shred -u /root/.ssh/key\n", []string{"copy-removed keys/id_rsa"}},
		{"FROM a\nCOPY *.pem /c/\nRUN rm /c/*.pem\n", []string{"copy-removed *.pem"}},
		{"FROM a\nCOPY .npmrc ./\nRUN npm ci && sudo rm .npmrc\n", []string{"copy-removed .npmrc"}},
		{"FROM a\nCOPY .npmrc ./\nRUN if x; then rm .npmrc; fi\n", []string{"copy-removed .npmrc"}},
		{"FROM a\nCOPY id_rsa /\nRUN rm /id_rsa\n", []string{"copy-removed id_rsa"}},
		{"FROM a\nCOPY id_rsa /root/.ssh/\nRUN rm -rf ~/.ssh\n", []string{"copy-removed id_rsa"}},
		{"FROM a\nCOPY .npmrc ./\nRUN rm package.json\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nRUN rm .npmrc\nCOPY .npmrc ./\n", []string{"copy-credential .npmrc"}},
		{"FROM a AS b\nCOPY .npmrc ./\nFROM b\nRUN rm .npmrc\n", []string{"copy-removed .npmrc"}},
		{"FROM a AS b\nCOPY .npmrc ./\nFROM c\nRUN rm .npmrc\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY .npmrc ./\nRUN echo rm .npmrc\n", []string{"copy-credential .npmrc"}},
		{"FROM a\nCOPY .npmrc .env ./\nRUN rm .npmrc\n", []string{"copy-removed .npmrc", "copy-credential .env"}},
		{"FROM a\nCOPY a/.npmrc /x/.npmrc\nRUN rm /y/.npmrc\n", []string{"copy-credential a/.npmrc"}},
	} {
		if got := practices(t, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// TestSecretWritten: RUN commands with the secret `s` mounted, and whether they keep it in the layer.
func TestSecretWritten(t *testing.T) {
	for _, c := range []struct {
		mount, run string
		found      bool
	}{
		// The mount's options in any order and by every name.
		{"type=secret,id=s", "cat /run/secrets/s > /app/k", true},
		{"id=s,type=secret", "cat /run/secrets/s > /app/k", true},
		{"type=secret,source=s", "cat /run/secrets/s > /app/k", true},
		{"type=secret,src=s,required=true", "cat /run/secrets/s > /app/k", true},
		{"required,mode=0400,uid=1,type=secret,id=s", "cat /run/secrets/s > /app/k", true},
		{"type=secret,id=s,target=/t/key", "cat /t/key > /app/k", true},
		{"type=secret,id=s,dst=/t/key", "cat /t/key > /app/k", true},
		{"type=secret,id=s,destination=/t/key", "cat /t/key > /app/k", true},
		{"type=secret,id=s,target=/t/key", "cat /run/secrets/s > /app/k", false}, // it is not there
		{"type=secret,target=/t/key", "cat /t/key > /app/k", true},
		{"type=secret,id=s,env=S", "echo $S > /app/k", true},
		{"type=secret,id=s,env=S", "echo \"x=${S}\" >> /app/k", true},
		{"type=secret,env=S", "echo $S > /app/k", true},
		{"type=SECRET,id=s", "cat /run/secrets/s > /app/k", true},
		{"\"type=secret\",id=s", "cat /run/secrets/s > /app/k", true},
		{"type=bind,source=s,target=/run/secrets/s", "cat /run/secrets/s > /app/k", false},
		{"type=cache,id=s", "cat /run/secrets/s > /app/k", false},
		{"type=ssh,id=s", "cat /run/secrets/s > /app/k", false},

		// Written by redirection.
		{"type=secret,id=s", "cat /run/secrets/s >> /app/k", true},
		{"type=secret,id=s", "cat /run/secrets/s >/app/k", true},
		{"type=secret,id=s", "cat < /run/secrets/s > /app/k", true},
		{"type=secret,id=s", "cat /run/secrets/s 1> /app/k", true},
		{"type=secret,id=s", "> /app/k cat /run/secrets/s", true},
		{"type=secret,id=s", "echo \"t=$(cat /run/secrets/s)\" > ~/.npmrc && npm ci", true},
		{"type=secret,id=s", "printf '//r/:_authToken=%s' \"$(cat /run/secrets/s)\" > .npmrc", true},
		{"type=secret,id=s", "printf %s `cat /run/secrets/s` > .npmrc", true},
		{"type=secret,id=s", "echo $(</run/secrets/s) > k", true},
		{"type=secret,id=s", "{ echo a; cat /run/secrets/s; } > k", true},
		{"type=secret,id=s", "(cat /run/secrets/s) > k", true},
		{"type=secret,id=s", "if [ -f /run/secrets/s ]; then cat /run/secrets/s > k; fi", true},
		{"type=secret,id=s", "sh -c 'cat /run/secrets/s > /app/k'", true},
		{"type=secret,id=s", "sed s/x/$(cat /run/secrets/s)/ in > out", true},
		{"type=secret,id=s", "sed -i s/x/$(cat /run/secrets/s)/ conf", true},
		{"type=secret,id=s", "base64 -d /run/secrets/s > k.json", true},
		{"type=secret,id=s", "jq -r .t /run/secrets/s > k.json", true},
		// Through a pipe.
		{"type=secret,id=s", "cat /run/secrets/s | base64 -d > /app/k", true},
		{"type=secret,id=s", "cat /run/secrets/s | tee /app/k", true},
		{"type=secret,id=s", "cat /run/secrets/s | tr -d '\\n' | tee -a /app/k >/dev/null", true},
		{"type=secret,id=s", "cat /run/secrets/s | sudo tee /app/k", true},
		{"type=secret,id=s", "tee /app/k < /run/secrets/s", true},
		{"type=secret,id=s", "tee /app/k <<< $(cat /run/secrets/s)", true},
		{"type=secret,id=s", "envsubst < /run/secrets/s > k", true},
		{"type=secret,id=s,env=S", "envsubst < tpl > k", true},
		// Copied.
		{"type=secret,id=s", "cp /run/secrets/s /app/k", true},
		{"type=secret,id=s", "cp -p /run/secrets/s /app/", true},
		{"type=secret,id=s", "cp -t /app /run/secrets/s", true},
		{"type=secret,id=s", "cp -r /run/secrets /app/", true},
		{"type=secret,id=s", "cp /run/secrets/* /app/", true},
		{"type=secret,id=s", "install -m 600 /run/secrets/s /app/k", true},
		{"type=secret,id=s", "dd if=/run/secrets/s of=/app/k", true},
		{"type=secret,id=s", "mkdir -p /app && cp /run/secrets/s /app/k && chmod 600 /app/k", true},
		// Heredocs.
		{"type=secret,id=s,env=S", "<<EOF\ncat > /app/k <<END\nt=${S}\nEND\nEOF", true},
		{"type=secret,id=s,env=S", "cat <<EOF > /app/k\nt=${S}\nEOF", true},
		{"type=secret,id=s", "<<EOF\ncat /run/secrets/s > /app/k\nEOF", true},
		{"type=secret,id=s,env=S", "cat <<'EOF' > /app/k\nt=${S}\nEOF", false}, // not expanded
		// Through variables.
		{"type=secret,id=s", "T=$(cat /run/secrets/s) && echo $T > k", true},
		{"type=secret,id=s", "export T=$(cat /run/secrets/s) && echo \"t=$T\" >> k", true},
		{"type=secret,id=s", "export T=\"$(cat /run/secrets/s)\"; echo \"t=${T}\" >> k", true},
		{"type=secret,id=s", "T=$(cat /run/secrets/s); U=x$T; echo $U > k", true},
		{"type=secret,id=s", "read T < /run/secrets/s; echo $T > k", true},
		{"type=secret,id=s", "T=$(cat /run/secrets/s) envsubst < tpl > k", true},
		{"type=secret,id=s", "export T=$(cat /run/secrets/s) && npm config set //r/:_authToken $T", true},
		{"type=secret,id=s", "set -a; . /run/secrets/s; set +a; echo $X > k", false}, // what X is, the file does not say
		// By a client that keeps what it is told.
		{"type=secret,id=s", "npm config set //r/:_authToken=$(cat /run/secrets/s) && npm ci", true},
		{"type=secret,id=s", "npm config set -g //r/:_authToken $(cat /run/secrets/s)", true},
		{"type=secret,id=s", "yarn config set npmAuthToken \"$(cat /run/secrets/s)\"", true},
		{"type=secret,id=s", "pip config set global.index-url https://u:$(cat /run/secrets/s)@r/simple", true},
		{"type=secret,id=s", "git config --global url.https://x:$(cat /run/secrets/s)@h/.insteadOf https://h/", true},
		{"type=secret,id=s", "poetry config http-basic.r u $(cat /run/secrets/s)", true},
		{"type=secret,id=s", "composer config -g github-oauth.h $(cat /run/secrets/s)", true},
		{"type=secret,id=s", "bundle config set r $(cat /run/secrets/s)", true},
		{"type=secret,id=s", "docker login -u u -p $(cat /run/secrets/s) r", true},
		{"type=secret,id=s", "docker login -u u --password-stdin r < /run/secrets/s", true},
		{"type=secret,id=s", "cat /run/secrets/s | docker login -u u --password-stdin r", true},
		{"type=secret,id=s", "aws configure set aws_secret_access_key $(cat /run/secrets/s)", true},
		{"type=secret,id=s", "git clone https://x:$(cat /run/secrets/s)@h/a/b.git", true},
		{"type=secret,id=s,env=S", "git clone --depth 1 https://$S@h/a/b.git /src", true},
		{"type=secret,id=s,env=S", "git remote add origin https://$S@h/a/b.git", true},
		{"type=secret,id=s,env=S", "echo root:$S | chpasswd", true},

		// What only uses it.
		{"type=secret,id=s", "npm ci", false},
		{"type=secret,id=s,target=/root/.npmrc", "npm ci", false},
		{"type=secret,id=s,target=/root/.npmrc", "npm ci > /log", false},
		{"type=secret,id=s,target=/root/.aws/credentials", "aws s3 cp s3://b/k /app/k", false},
		{"type=secret,id=s", "cat /run/secrets/s > /dev/null", false},
		{"type=secret,id=s", "cat /run/secrets/s", false},
		{"type=secret,id=s", "test -s /run/secrets/s > k", false},
		{"type=secret,id=s", "[ -f /run/secrets/s ] && echo yes > k", false},
		{"type=secret,id=s", "ls -l /run/secrets/s > k", false},
		{"type=secret,id=s", "wc -c /run/secrets/s > k", false},
		{"type=secret,id=s", "sha256sum /run/secrets/s > k", false},
		{"type=secret,id=s", "grep -q x /run/secrets/s && touch k", false},
		{"type=secret,id=s", "cat /run/secrets/s 2> err", false},
		{"type=secret,id=s", "NPM_TOKEN=$(cat /run/secrets/s) npm ci", false},
		{"type=secret,id=s", "NPM_TOKEN=$(cat /run/secrets/s) npm ci > log", false},
		{"type=secret,id=s,env=NPM_TOKEN", "npm ci && npm run build > log", false},
		{"type=secret,id=s", "export T=$(cat /run/secrets/s) && ./build > log", false},
		{"type=secret,id=s", "curl -H \"Authorization: Bearer $(cat /run/secrets/s)\" -o /x https://h/x", false},
		{"type=secret,id=s", "curl -H @/run/secrets/s https://h/x > /x", false},
		{"type=secret,id=s", "curl -H \"A: $(cat /run/secrets/s)\" https://h/x | tar xz", false},
		{"type=secret,id=s", "wget --header=\"A: $(cat /run/secrets/s)\" -O - https://h/x > /x", false},
		{"type=secret,id=s", "pip install --extra-index-url https://u:$(cat /run/secrets/s)@r/simple -r req.txt", false},
		{"type=secret,id=s", "git -c url.https://x:$(cat /run/secrets/s)@h/.insteadOf=https://h/ clone https://h/a/b", false},
		{"type=secret,id=s", "cat /run/secrets/s | gh api /x --input -", false},
		{"type=secret,id=s", "cat /run/secrets/s | ./build --password-stdin", false},
		{"type=secret,id=s", "mvn -s /run/secrets/s package", false},
		{"type=secret,id=s", "cp /run/secrets/s /dev/shm/s && use", false},
		{"type=secret,id=s,env=SEC", "echo $SECOND > k", false},
		{"type=secret,id=s", "cat /run/secrets/second > k", false},
		{"type=secret,id=s", "echo /run/secrets/s > k", false}, // its name
		{"type=secret,id=s", "echo 'password_file=/run/secrets/s' >> conf", false},
		{"type=secret,id=s", "ln -s /run/secrets/s /app/k", false},
		{"type=secret,id=s,env=S", "echo '$S' > k", false},
		{"type=secret,id=s,env=S", "echo \\$S > k", false},
		{"type=secret,id=s,env=S", "test -n \"$S\" && echo ok > k", false},
		// What takes it away again in the same instruction.
		{"type=secret,id=s", "cat /run/secrets/s > /tmp/k && use /tmp/k && rm /tmp/k", false},
		{"type=secret,id=s", "cat /run/secrets/s > ~/.npmrc && npm ci && rm -f ~/.npmrc", false},
		{"type=secret,id=s", "cat /run/secrets/s > /root/.ssh/k && x; rm -rf /root/.ssh", false},
		{"type=secret,id=s", "cat /run/secrets/s > .npmrc \\\n  && npm ci \\\n  && rm .npmrc", false},
		{"type=secret,id=s", "cp /run/secrets/s k && x && shred -u k", false},
		{"type=secret,id=s", "cp /run/secrets/s /t/ && x && rm /t/s", false},
		{"type=secret,id=s", "npm config set //r/:_authToken=$(cat /run/secrets/s) && npm ci && npm config delete //r/:_authToken", false},
		{"type=secret,id=s", "npm config set //r/:_authToken=$(cat /run/secrets/s) && npm ci && rm ~/.npmrc", false},
		{"type=secret,id=s", "docker login -p $(cat /run/secrets/s) r && x && docker logout r", false},
		{"type=secret,id=s", "git config --global url.https://$(cat /run/secrets/s)@h/.insteadOf https://h/ && x && git config --global --unset url.x", false},
		{"type=secret,id=s", "git config --global url.https://$(cat /run/secrets/s)@h/.insteadOf https://h/ && x && rm ~/.gitconfig", false},
		{"type=secret,id=s", "git clone https://$(cat /run/secrets/s)@h/a/b.git && rm -rf b/.git", false},
		{"type=secret,id=s", "git clone https://$(cat /run/secrets/s)@h/a/b.git && make -C b && rm -rf b", false},
		{"type=secret,id=s", "trap 'rm -f k' EXIT; cat /run/secrets/s > k; use k", false},
		{"type=secret,id=s", "git clone https://$(cat /run/secrets/s)@h/a/b.git && git -C b remote set-url origin https://h/a/b.git", false},
		{"type=secret,id=s", "cat <<EOF > k && x && rm k\nt=$(cat /run/secrets/s)\nEOF", false},
		// Folders that are no part of the layer.
		{"type=secret,id=s --mount=type=tmpfs,target=/t", "cat /run/secrets/s > /t/k && use /t/k", false},
		{"type=secret,id=s --mount=type=cache,target=/t", "cp /run/secrets/s /t/", false},
		{"type=secret,id=s --mount=type=tmpfs,target=/t", "cat /run/secrets/s > /tk", true},
		{"type=secret,id=s,target=/root/.npmrc", "npm config set x $(cat y)", false},
		// A certificate's path, and a key that is taken in.
		{"type=secret,id=s", "npm config set cafile /run/secrets/s", false},
		{"type=secret,id=s", "git config --global credential.helper 'store --file /run/secrets/s'", false},
		{"type=secret,id=s", "gcloud auth activate-service-account --key-file=/run/secrets/s", true},
		{"type=secret,id=s", "gpg --batch --import /run/secrets/s", true},
		// By way of others.
		{"type=secret,id=s", "cat /run/secrets/s | xargs -I{} npm config set //r/:_authToken={}", true},
		{"type=secret,id=s", "cat /run/secrets/s | xargs curl -u", false},
		{"type=secret,id=s", "cat /run/secrets/s > /dev/shm/k && cp /dev/shm/k /app/k", true},
		{"type=secret,id=s", "cat /run/secrets/s > /tmp/k && cp /tmp/k /app/j && rm /tmp/k", true},
		{"type=secret,id=s", "git clone -c http.extraheader=\"A: $(cat /run/secrets/s)\" https://h/a/b", true},
		{"type=secret,id=s", "git -c http.extraheader=\"A: $(cat /run/secrets/s)\" clone https://h/a/b", false},
		{"type=secret,id=s,env=S", "sudo -E npm config set //r/:_authToken $S", true},
		{"type=secret,id=s,env=S", "bash -ec \"echo \\$S > k\"", true},
		{"type=secret,id=s,env=S", "echo ${S:+there} > k", false},
		{"type=secret,id=s,env=S", "echo ${#S} > k", false},
		{"type=secret,id=s,env=S", "S=other; echo $S > k", false},
		{"type=secret,id=s,env=S", "unset S; echo $S > k", false},
		// Taken away, but another one stays.
		{"type=secret,id=s", "cat /run/secrets/s > a && cat /run/secrets/s > b && rm a", true},
		{"type=secret,id=s", "rm -f k && cat /run/secrets/s > k", true},
	} {
		text := "FROM a\nRUN --mount=" + c.mount + " " + c.run + "\n"
		got := practices(t, text)
		if found := len(got) == 1 && strings.HasPrefix(got[0], "secret-written "); found != c.found || len(got) > 1 {
			t.Errorf("%q: found %q", text, got)
		}
	}
}

// TestSecretWrittenElsewhere: what the table above does not show.
func TestSecretWrittenElsewhere(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"FROM a\nRUN --mount=type=secret,id=a --mount=type=secret,id=b cat /run/secrets/b > k\n", []string{"secret-written b"}},
		{"FROM a\nRUN --mount=type=secret,id=a --mount=type=secret,id=b cat /run/secrets/a /run/secrets/b > k\n", []string{"secret-written a", "secret-written b"}},
		{"FROM a\nRUN --mount=type=secret,id=a --mount=type=secret,id=ab cat /run/secrets/ab > k\n", []string{"secret-written ab"}},
		{"FROM a\nRUN --mount=type=secret,id=a x\nRUN cat /run/secrets/a > k\n", nil}, // it is mounted for one instruction
		{"FROM a\nRUN --mount=type=secret,id=a cat /run/secrets/a > k\nRUN rm k\n", []string{"secret-written a"}},
		{"FROM a\nONBUILD RUN --mount=type=secret,id=a cat /run/secrets/a > k\n", []string{"secret-written a"}},
		{"FROM a AS b\nRUN --mount=type=secret,id=a cat /run/secrets/a > k\nFROM c\nCOPY --from=b /x /x\n", []string{"secret-written a (builder)"}},
		{"FROM a\nRUN --mount=type=secret,id=a [\"sh\", \"-c\", \"cat /run/secrets/a > k\"]\n", []string{"secret-written a"}},
		{"FROM a\nRUN --mount=type=secret,id=a [\"cp\", \"/run/secrets/a\", \"/k\"]\n", []string{"secret-written a"}},
		{"FROM a\nRUN --mount=type=secret,id=a \\\n  set -e; \\\n  # why\n  cat /run/secrets/a \\\n    > k\n", []string{"secret-written a"}},
		{"FROM a\nRUN --mount=type=secret,id=a <<EOF bash\ncat /run/secrets/a > k\nEOF\n", []string{"secret-written a"}},
		{"FROM a\nRUN --mount=type=secret,id=a <<EOF\n#!/usr/bin/env bash\ncat /run/secrets/a > k\nEOF\n", []string{"secret-written a"}},
	} {
		if got := practices(t, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// TestFinals: of which stages an image may have the layers.
func TestFinals(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "RUN x\n": "", "FROM a\n": "+", "FROM a\nFROM b\n": "++", // any leaf can be the target
		"FROM a AS x\nFROM b\nCOPY --from=x /o /o\n":                                   "-+",
		"FROM a AS x\nFROM b\nCOPY --from=X /o /o\n":                                   "-+",
		"FROM a\nFROM b\nCOPY --from=0 /o /o\n":                                        "-+",
		"FROM a AS x\nFROM b\nADD --from=x /o /o\n":                                    "-+",
		"FROM a AS x\nFROM x\n":                                                        "++",
		"FROM a AS x\nFROM x AS y\nFROM y AS z\nFROM b\nCOPY --from=z /o /o\n":         "---+",
		"FROM a AS x\nFROM x AS y\nFROM x\nCOPY --from=y /o /o\n":                      "+-+",
		"FROM a AS x\nFROM b\nRUN --mount=type=bind,from=x,target=/x make\n":           "-+",
		"FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x make\n":                     "-+",
		"FROM a AS x\nFROM b\nCOPY --from=other /o /o\n":                               "++",
		"FROM a AS x\nFROM b\nCOPY --from=7 /o /o\n":                                   "++",
		"FROM a AS x\nCOPY --from=x /o /o\n":                                           "+", // itself: an image of that name
		"FROM a AS x\nCOPY --from=y /o /o\nFROM b AS y\n":                              "++",
		"FROM a AS x\nFROM b AS y\nCOPY --from=x /o /o\nFROM c\nCOPY --from=y /o /o\n": "--+",
		"FROM a AS dev\nFROM b AS prod\n":                                              "++",
		"ARG B=x\nFROM a AS x\nFROM ${B}\n":                                            "++",
		"FROM a AS x\nFROM b AS x\nFROM c\nCOPY --from=x /o /o\n":                      "+-+",
		"FROM a AS x\nFROM x AS x\nFROM c\nCOPY --from=x /o /o\n":                      "--+",
	} {
		got := ""
		for _, final := range dockerfile.Parse([]byte(text)).Finals() {
			got += map[bool]string{true: "+", false: "-"}[final]
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
