// Package credfile knows files of credentials by their names: private keys, stores of keys, the configuration of
// clients that keep tokens in it, files of variables.
//
// It knows names only, with slashes between folders: no content, no rule, no git. That a file is named like one says
// that it usually holds a credential, not that this one does.
//
// Concurrency: pure functions, to be called from any goroutine.
package credfile

import (
	"slices"
	"strings"
)

// Kind says what a file of credentials is.
type Kind uint8

// The kinds. None is that of any other file.
const (
	None       Kind = iota
	Env             // variables: .env and its kin, samples apart
	SSHKey          // a private key of SSH, or a folder of them
	PrivateKey      // a private key in PEM or DER
	KeyStore        // PKCS #12, Java key stores
	NPM             // .npmrc, .yarnrc.yml
	Python          // .pypirc, pip.conf
	Netrc           // .netrc, _netrc
	Git             // .git-credentials
	GitFolder       // .git: its configuration may hold credentials, its history anything
	Cloud           // credentials of AWS, Google Cloud, Azure
	Kube            // kubeconfig
	Docker          // the client's config.json
	GPG             // .gnupg
	Terraform       // state and variables
	Htpasswd        // .htpasswd
	Vault           // .vault-token
	PHP             // wp-config.php
	Other           // credentials.json, secrets.yml, password.txt
)

// bases are whole names without folders, in lower case.
var bases = map[string]Kind{
	"id_rsa": SSHKey, "id_dsa": SSHKey, "id_ecdsa": SSHKey, "id_ed25519": SSHKey, "id_ecdsa_sk": SSHKey, "id_ed25519_sk": SSHKey,
	".ssh": SSHKey, "ssh_host_rsa_key": SSHKey, "ssh_host_ed25519_key": SSHKey, "ssh_host_ecdsa_key": SSHKey, "ssh_host_dsa_key": SSHKey,
	".npmrc": NPM, ".yarnrc.yml": NPM, ".pypirc": Python, "pip.conf": Python, "pip.ini": Python, ".netrc": Netrc, "_netrc": Netrc,
	".git-credentials": Git, ".git": GitFolder, ".aws": Cloud, ".azure": Cloud, ".boto": Cloud, ".s3cfg": Cloud,
	"application_default_credentials.json": Cloud, ".kube": Kube, "kubeconfig": Kube, ".kubeconfig": Kube, "kubeconfig.yml": Kube,
	"kubeconfig.yaml": Kube, "kube.config": Kube, ".docker": Docker, ".dockercfg": Docker, ".dockerconfigjson": Docker, ".gnupg": GPG,
	"secring.gpg": GPG, "terraform.tfstate": Terraform, "terraform.tfvars": Terraform, ".htpasswd": Htpasswd, "htpasswd": Htpasswd,
	".vault-token": Vault, "vault-token": Vault, "wp-config.php": PHP, ".pgpass": Other, "pgpass.conf": Other, ".my.cnf": Other, ".mylogin.cnf": Other,
	"credentials": Other, "credentials.json": Other, "credentials.xml": Other, "credentials.yml": Other, "credentials.yaml": Other,
	"secrets.yml": Other, "secrets.yaml": Other, "secrets.json": Other, "secrets.toml": Other, "secret.yml": Other, "secret.yaml": Other, "secret.json": Other,
	"password.txt": Other, "passwords.txt": Other, "secret.txt": Other, "secrets.txt": Other, "token.txt": Other,
	"kaggle.json": Other, "docker-config.json": Docker, "dockerconfig.json": Docker, "master.key": Other, ".terraformrc": Terraform, "auth.json": Other, "sops-age-keys.txt": Other,
}

// folded are names with their folder, in lower case.
var folded = map[string]Kind{
	".docker/config.json": Docker, ".aws/credentials": Cloud, ".aws/config": Cloud, ".kube/config": Kube, ".config/gcloud": Cloud,
	"gcloud/credentials.db": Cloud, ".ssh/config": None, ".ssh/known_hosts": None, ".ssh/authorized_keys": None,
	".cargo/credentials.toml": Other, ".gem/credentials": Other, ".m2/settings.xml": Other, ".gradle/gradle.properties": Other,
	".kaggle/kaggle.json": Other, ".config/gh/hosts.yml": Git, ".config/pip/pip.conf": Python,
}

// extensions of key stores and states.
var extensions = map[string]Kind{
	"p12": KeyStore, "pfx": KeyStore, "pkcs12": KeyStore, "jks": KeyStore, "keystore": KeyStore, "jceks": KeyStore, "bks": KeyStore,
	"ppk": SSHKey, "keytab": KeyStore, "kdbx": KeyStore, "tfstate": Terraform, "tfvars": Terraform, "ovpn": Other,
}

// publicWords mark a .pem or .key that is no private key.
var publicWords = [...]string{"cert", "crt", "chain", "public", "pub", "ca", "bundle", "root", "roots", "trust", "csr", "dhparam", "dhparams", "dh", "dhparam2048", "gpg",
	"apt", "archive", "signing", "repo", "release", "keyring"}

// Of says what a file, or folder, of this name is. Patterns with * and ? are taken for the names that they mean most
// likely: *.pem, id_*.
func Of(name string) Kind {
	name = strings.ToLower(strings.TrimRight(name, "/*"))
	name = strings.TrimPrefix(name, "./")
	for k := 0; k < 3; k++ { // the last folders count: root/.aws/credentials
		if kind, ok := folded[lastParts(name, k+2)]; ok {
			return kind
		}
	}
	base := lastParts(name, 1)
	if kind, ok := bases[base]; ok {
		return kind
	}
	if IsEnv(base) {
		return Env
	}
	dot := strings.LastIndexByte(base, '.')
	if dot < 0 {
		if strings.HasPrefix(base, "id_") && strings.Contains("id_rsa id_dsa id_ecdsa id_ed25519", strings.TrimRight(base, "*?")) {
			return SSHKey
		}
		return None
	}
	ext := base[dot+1:]
	if kind, ok := extensions[ext]; ok {
		return kind
	}
	switch ext {
	case "pem", "key", "der", "pk8", "p8":
		if isPublic(base[:dot]) || ext == "der" {
			return None
		}
		return PrivateKey
	case "json":
		if strings.HasPrefix(base, "service-account") || strings.HasPrefix(base, "service_account") || strings.HasPrefix(base, "serviceaccount") ||
			strings.HasPrefix(base, "gcp-") && strings.Contains(base, "key") || strings.HasSuffix(base, "-credentials.json") || strings.HasSuffix(base, "_credentials.json") ||
			strings.Contains(base, "firebase-adminsdk") {
			return Cloud
		}
	}
	return None
}

// Copied says what a file is that is copied under another name: what either of the names says. A destination that ends
// in a slash is a folder.
func Copied(source, destination string) Kind {
	if k := Of(source); k != None {
		return k
	}
	base := lastParts(strings.TrimRight(source, "/"), 1)
	if strings.HasSuffix(destination, "/") {
		if lastParts(strings.TrimRight(destination, "/"), 1) == ".ssh" {
			return sshFile(strings.ToLower(base))
		}
		destination += base
	}
	k := Of(destination)
	if k == Env && slices.ContainsFunc(nameWords(strings.ToLower(base)), func(w string) bool { return shows[w] }) {
		return None // a sample in the place of variables is a sample
	}
	if k != SSHKey || lastParts(destination, 1) != ".ssh" {
		return k
	}
	return sshFile(strings.ToLower(base))
}

// sshFile is what a file is that lies in a folder of SSH.
func sshFile(base string) Kind {
	switch {
	case base == "known_hosts", base == "config", base == "authorized_keys", strings.HasSuffix(base, ".pub"), base == ".", base == "ssh_config":
		return None
	}
	return SSHKey
}

// lastParts is the last n parts of a path.
func lastParts(name string, n int) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			if n--; n == 0 {
				return name[i+1:]
			}
		}
	}
	return name
}

// shows are words of names of files that show what a file of variables looks like, or are none.
var shows = map[string]bool{"example": true, "examples": true, "sample": true, "samples": true, "template": true, "tpl": true, "tmpl": true,
	"dist": true, "defaults": true, "default": true, "dummy": true, "skel": true, "skeleton": true, "placeholder": true, "schema": true,
	"md": true, "ts": true, "js": true, "go": true, "py": true, "sh": true}

func nameWords(base string) []string {
	return strings.FieldsFunc(base, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
}

// IsEnv says whether a file of this name (without folders, any case) holds variables that are meant: .env,
// .env.production, prod.env, .envrc; not .env.example.
func IsEnv(base string) bool {
	base = strings.ToLower(base)
	switch base {
	case ".env", ".envrc", ".flaskenv", ".dev.vars":
		return true
	}
	words := nameWords(base)
	if slices.ContainsFunc(words, func(w string) bool { return shows[w] }) {
		return false
	}
	return strings.HasPrefix(base, ".env.") || strings.HasPrefix(base, ".env-") || strings.HasPrefix(base, ".env_") || strings.HasPrefix(base, ".env*") ||
		strings.HasSuffix(base, ".env") && len(words) > 1 || base == "*.env"
}

// isPublic reports whether the words of a name say that the key is a public one, or a certificate.
func isPublic(stem string) bool {
	for _, w := range strings.FieldsFunc(stem, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		for _, p := range publicWords {
			if w == p || strings.HasPrefix(w, "cert") || strings.HasPrefix(w, "fullchain") || strings.HasSuffix(w, "cert") || strings.HasSuffix(w, "pub") {
				return true
			}
		}
	}
	return false
}
