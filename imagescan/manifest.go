package imagescan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// manifest is an image manifest or an index (OCI image specification, manifest.md and image-index.md; Docker's version
// 2, schema 2, has the same members).
type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Manifests     []descriptor      `json:"manifests"`
	Subject       *descriptor       `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
	FSLayers      []json.RawMessage `json:"fsLayers"` // of schema 1
}

// imageConfig is what is needed of the configuration of an image (OCI image specification, config.md).
type imageConfig struct {
	platform
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	History []historyEntry `json:"history"`
}

type historyEntry struct {
	CreatedBy  string `json:"created_by"`
	EmptyLayer bool   `json:"empty_layer"`
}

// archiveManifest is an element of manifest.json of docker save.
type archiveManifest struct {
	Config   string   `json:"Config"`
	RepoTags []string `json:"RepoTags"`
	Layers   []string `json:"Layers"`
}

func parseManifest(data []byte) (*manifest, error) {
	var m manifest
	if err := parseJSON(data, &m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if m.SchemaVersion == 1 || len(m.FSLayers) > 0 {
		return nil, errors.New("manifest: schema 1 is not supported")
	}
	return &m, checkLayers(len(m.Layers))
}

func checkLayers(n int) error {
	if n > maxLayers {
		return fmt.Errorf("manifest: %w", &limitError{fmt.Sprintf("%d layers, more than %d", n, maxLayers)})
	}
	return nil
}

// parseJSON decodes one document; what stands in it is in no error.
func parseJSON(data []byte, v any) error {
	if bytes.Count(data, []byte{','}) > maxValues {
		return &limitError{fmt.Sprintf("JSON with more than %d values", maxValues)}
	}
	err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON (byte %d)", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("unexpected %s at byte %d", kind.Value, kind.Offset)
	case err != nil:
		return errors.New("no JSON")
	}
	return nil
}

// readBounded reads all of r, but not more than a bound.
func readBounded(r io.Reader, bound int64, what string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, bound+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > bound {
		return nil, &limitError{fmt.Sprintf("%s of more than %d bytes", what, bound)}
	}
	return data, nil
}

// readSized is readBounded of what is size bytes long (-1: not known), in no more memory than that.
func readSized(r io.Reader, size, bound int64, what string) ([]byte, error) {
	if size < 0 || size > bound {
		return readBounded(r, bound, what)
	}
	data := make([]byte, size)
	n, err := readFull(r, data)
	if err == io.EOF {
		err = nil
	}
	return data[:n], err
}

// isIndex says whether a manifest is an index of others.
func (m *manifest) isIndex() bool {
	return len(m.Manifests) > 0 || strings.Contains(m.MediaType, "image.index") || strings.Contains(m.MediaType, "manifest.list")
}

// cacheConfig is the media type of what BuildKit says of the layers of a cache.
const cacheConfig = "application/vnd.buildkit.cacheconfig.v0"

// asCache turns an index that is a cache of BuildKit into a manifest: layers stand where manifests should, and what is said
// of them. (With image-manifest=true, a cache is a manifest itself.)
func (m *manifest) asCache() error {
	i := slices.IndexFunc(m.Manifests, func(d descriptor) bool { return d.MediaType == cacheConfig })
	if i < 0 {
		return nil
	}
	m.Config, m.Layers, m.Manifests, m.MediaType = m.Manifests[i], slices.Delete(m.Manifests, i, i+1), nil, ""
	return checkLayers(len(m.Layers))
}

// The annotations by which BuildKit marks attestations of an index's images, and the one that names a predicate.
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	annotationPredicate       = "in-toto.io/predicate-type"
	annotationRefName         = "org.opencontainers.image.ref.name"
	annotationImageName       = "io.containerd.image.name"
	annotationTitle           = "org.opencontainers.image.title"
)
