// Package imagescan makes container images a scan.Source: every regular file of every layer, overwritten and deleted
// ones too, the configuration with its history, and the attestations. Images come from registries, OCI layouts and
// archives, and the Docker daemon.
//
// It writes nothing to disk and follows no link: paths in layers are labels. It knows no rule.
//
// Concurrency: a Source serves one scan at a time; Search starts its own goroutines and joins them.
package imagescan
