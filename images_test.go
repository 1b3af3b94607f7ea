package rummage_test

import (
	"strings"
	"testing"

	"rummage"
	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/example"
	"rummage/detect/structure"
)

// TestImageFiles: which rules fire by the name of a file in an image. None has two.
func TestImageFiles(t *testing.T) {
	d := detect.New(parse(t))
	for path, want := range map[string]string{
		"/app/.env": "image-env-file | image-env-file-world-readable", "/app/.env.example": "", "/app/node_modules/x/.env": "",
		"/app/.git/HEAD": "image-git-directory", "/root/.nvm/.git/HEAD": "", "/usr/local/cargo/registry/index/x/.git/HEAD": "", "/app/.git/config": "",
		"/etc/ssh/ssh_host_rsa_key": "image-ssh-host-key", "/etc/ssh/ssh_host_rsa_key.pub": "", "/root/.ssh/id_rsa": "file-ssh-private-key",
		"/root/.npmrc": "image-client-config", "/usr/local/lib/node_modules/npm/.npmrc": "", "/usr/share/maven/conf/settings.xml": "",
		"/root/.docker/config.json": "image-credentials-file", "/root/.pypirc": "image-credentials-file", "/root/.aws/credentials": "image-credentials-file",
		"/root/.netrc": "file-netrc", "/root/.git-credentials": "file-git-credentials", "/root/.kube/config": "file-kubeconfig", "/root/.pgpass": "file-pgpass",
		"/root/.bash_history": "file-shell-history", "/app/terraform.tfstate": "file-tfstate", "/etc/nginx/.htpasswd": "file-htpasswd",
		"/run/secrets/token": "image-run-secret", "/run/secrets/rhsm/ca/redhat-uep.pem": "", "/etc/pki/nssdb/key4.db": "", "/etc/shadow": "",
	} {
		var got []string
		for _, in := range []assignment.Context{"", structure.ImageFile, structure.ImageWorldReadable} {
			var names []string
			for _, r := range d.NamedRules(path, in) {
				if _, by := d.PlacedAt(&detect.Match{Rule: r}, path, ""); by == nil {
					names = append(names, r.ID)
				}
			}
			got = append(got, names...)
		}
		if s := strings.Join(got, " | "); s != want {
			t.Errorf("%s: %q, want %q", path, s, want)
		}
	}
}

// TestImagePaths: no allowlist of the default rules leaves out a token because of a path that images have, as those of
// others do: tests, vendored code, documents, examples, .git. Rules that are about names of files are none of these.
func TestImagePaths(t *testing.T) {
	d := detect.New(parse(t))
	m := d.Matcher()
	rules := 0
	for _, r := range d.Rules().Rules() {
		if r.Regex == "" || r.Path != "" || r.SkipReport || len(r.Examples) == 0 {
			continue
		}
		text, err := example.Expand(r.Examples[0], 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Match([]byte(text)) {
			if f.Rule != r || f.Suppressed != nil {
				continue
			}
			rules++
			for _, path := range []string{"/app/test/x", "/app/vendor/x", "/x/example/y.md", "/app/.git/config", "/usr/lib/x/y.py", "/app/node_modules/x/y.js",
				"/app/dist/y.min.js", "/app/go.sum", "/app/testdata/fixtures/y.png", "<config>", "<provenance>"} {
				if ok, by := d.PlacedAt(&f, path, ""); !ok || by != nil {
					t.Errorf("%s is not told of at %s", r.ID, path)
				}
			}
			break
		}
	}
	if rules < 1000 {
		t.Errorf("%d rules tried", rules)
	}
}

// TestImageSettings: a password and a token are found wherever the configuration and the provenance of an image have
// them, and references are not.
func TestImageSettings(t *testing.T) {
	rs, err := detect.Restore(rummage.RulesSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	m := detect.New(rs).Matcher()
	const value = "kP4tZ8wqLm2"
	for _, c := range []struct {
		kind    structure.Kind
		text    string
		context string
	}{
		{structure.ImageConfig, `{"config":{"Env":["PATH=/bin","DB_PASSWORD=VALUE"]}}`, "image.env"},
		{structure.ImageConfig, `{"config":{"Labels":{"db.password":"VALUE"}}}`, "image.label"},
		{structure.ImageConfig, `{"config":{"Cmd":["sh","-c","DB_PASSWORD=VALUE run"]}}`, "image.cmd"},
		{structure.ImageConfig, `{"config":{"Cmd":["mysql","-pVALUE"]}}`, "command.password"},
		{structure.ImageConfig, `{"config":{"Healthcheck":{"Test":["CMD-SHELL","DB_PASSWORD=VALUE run"]}}}`, "image.healthcheck"},
		{structure.ImageConfig, `{"config":{"OnBuild":["ENV DB_PASSWORD VALUE"]}}`, "image.onbuild"},
		{structure.ImageConfig, `{"history":[{"created_by":"ENV DB_PASSWORD=VALUE"}]}`, "image.history"},
		{structure.ImageConfig, `{"history":[{"created_by":"/bin/sh -c #(nop)  ENV DB_PASSWORD=VALUE"}]}`, "image.history"},
		{structure.ImageConfig, `{"history":[{"created_by":"RUN |1 DB_PASSWORD=VALUE /bin/sh -c make # buildkit"}]}`, "image.build-arg"},
		{structure.ImageConfig, `{"history":[{"created_by":"RUN /bin/sh -c curl -u ann:VALUE https://h/ # buildkit"}]}`, "command.password"},
		{structure.Provenance, `{"predicate":{"invocation":{"parameters":{"args":{"build-arg:DB_PASSWORD":"VALUE"}}}}}`, "image.provenance"},
		{structure.Provenance, `{"x":[{"op":{"Op":{"exec":{"meta":{"env":["DB_PASSWORD=VALUE"]}}}}}]}`, "image.provenance"},
	} {
		for v, found := range map[string]bool{value: true, "${DB_PASSWORD}": false, "": false} {
			text := []byte(strings.ReplaceAll(c.text, "VALUE", v))
			reading, _ := c.kind.Read(text)
			list := m.MatchWith(text, reading)
			if len(list) != 1 && found || len(list) > 0 && !found {
				t.Errorf("%s: %d matches", text, len(list))
				continue
			}
			if found && (list[0].Secret != v || string(list[0].Context) != c.context) {
				t.Errorf("%s: %q in %s", text, list[0].Secret, list[0].Context)
			}
		}
	}
}
