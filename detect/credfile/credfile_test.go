package credfile

import "testing"

func TestOf(t *testing.T) {
	for name, want := range map[string]Kind{
		"id_rsa": SSHKey, "keys/id_ed25519": SSHKey, "./id_rsa": SSHKey, ".ssh/": SSHKey, ".ssh": SSHKey, "id_*": SSHKey, "/root/.ssh/id_rsa": SSHKey,
		"id_rsa.pub": None, ".ssh/known_hosts": None, ".ssh/config": None, "deploy.ppk": SSHKey,
		".env": Env, ".env.production": Env, "config/prod.env": Env, ".envrc": Env, ".env*": Env, ".ENV": Env,
		".env.example": None, "prod.env.dist": None, "sample.env": None, "environment.ts": None, "env.py": None,
		"server.key": PrivateKey, "tls/privkey.pem": PrivateKey, "*.pem": PrivateKey, "key.pem": PrivateKey,
		"ca.pem": None, "cert.pem": None, "fullchain.pem": None, "public.key": None, "ca-bundle.pem": None, "nginx-signing.key": None, "dhparam.pem": None,
		"keystore.jks": KeyStore, "app.p12": KeyStore, ".npmrc": NPM, ".pypirc": Python, ".netrc": Netrc, ".git-credentials": Git, ".git": GitFolder, ".git/": GitFolder,
		".gitignore": None, ".gitconfig": None, ".aws": Cloud, ".aws/credentials": Cloud, "service-account-prod.json": Cloud, "shop-firebase-adminsdk-1a2b3.json": Cloud, ".kube/config": Kube,
		".docker/config.json": Docker, "config.json": None, "terraform.tfvars": Terraform, "x.tfstate": Terraform, "wp-config.php": PHP, "package.json": None,
		"db/password.txt": Other, "secrets.yml": Other, "": None, "/": None, ".": None, "Dockerfile": None, "monkey": None,
	} {
		if got := Of(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestCopied(t *testing.T) {
	for _, c := range []struct {
		source, destination string
		want                Kind
	}{
		{"settings.xml", "/root/.m2/settings.xml", Other}, {"settings.xml", "/root/.m2/", Other}, {"settings.xml", "/app/", None},
		{"deploy", "/root/.ssh/", SSHKey}, {"deploy", "/root/.ssh/id_rsa", SSHKey}, {"known_hosts", "/root/.ssh/", None},
		{"keys/x.pub", "/root/.ssh/", None}, {"ssh", "/root/.ssh", SSHKey}, {"npmrc.prod", "/root/.npmrc", NPM},
		{"config.json", "/root/.docker/config.json", Docker}, {"config.json", "/app/", None}, {".env.production", "/srv/settings", Env},
		{"prod", "/srv/.env", Env}, {".env.example", ".env", None}, {".env.production", ".env", Env}, {"prod.env.example", "/srv/app", None}, {"", "", None},
	} {
		if got := Copied(c.source, c.destination); got != c.want {
			t.Errorf("%q to %q: %v, want %v", c.source, c.destination, got, c.want)
		}
	}
}
