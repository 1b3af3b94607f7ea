// Package yamlfile reads the YAML files, other than compose files, that carry what containers and builds are given:
// Kubernetes manifests, the workflows of GitHub Actions and GitLab CI, the values of Helm charts, and any other YAML
// as plain keys and values. Bytes in, assignments out, each with its place in the bytes.
//
// The contexts say where a value stands. What is a pair in two fields ({name: DB_PASSWORD, value: hunter2}) is one
// assignment; the data of Kubernetes secrets is decoded from base64; the arguments and scripts of commands are split
// into flags and values; references, and the literals within them, are told from literals in the way of each program.
// A document with apiVersion and kind is a manifest wherever it stands.
//
// Templates (Helm's own among them) are no YAML and are read line by line; see yamltree.
//
// The package knows bytes and the name of the file: no rule, no git. It says nothing about what is a secret.
//
// Concurrency: a File is read-only once Parse has returned, and may be used from any goroutine. It refers to the bytes
// given to Parse, which must not change while it is in use.
package yamlfile
