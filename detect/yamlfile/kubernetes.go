package yamlfile

import (
	"bytes"
	"encoding/base64"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// isManifest reports whether a document is a Kubernetes object.
func isManifest(root yamltree.Node) bool {
	return root.Kind() == yamltree.Mapping && root.Get("apiVersion").Kind() == yamltree.Scalar && root.Get("kind").Kind() == yamltree.Scalar
}

// manifest reads an object, or a list of them.
func (r *reader) manifest(root yamltree.Node, depth int) {
	n, ok := r.Enter(root)
	if !ok {
		r.Scalar(r.c.value, assignment.Span{}, root)
		return
	}
	kind := n.Get("kind")
	before := r.Owner
	if name := n.Get("metadata").Target().Get("name"); name.Kind() == yamltree.Scalar {
		r.Owner = name.Span()
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		switch key := string(k.Bytes()); {
		case key == "metadata":
			r.metadata(v)
		case key == "data" && kind.Is("Secret"):
			r.secretData(v)
		case key == "stringData" && kind.Is("Secret"):
			r.asLiteral(func() { r.Values(KubernetesSecret, k, v) })
		case (key == "data" || key == "binaryData") && kind.Is("ConfigMap"):
			r.asLiteral(func() { r.Values(KubernetesConfig, k, v) })
		case key == "items" && depth < 3:
			r.list(v, depth)
		case kind.Is("SealedSecret") && key == "spec":
			r.Values(KubernetesSealed, k, v)
		case key == "spec" && (kind.Is("ExternalSecret") || kind.Is("ClusterExternalSecret") || kind.Is("PushSecret")):
			r.external(v)
		default:
			r.any(k, v)
		}
	})
	r.Items(n, func(item yamltree.Node) { r.manifest(item, depth) })
	r.Owner = before
}

// external reads what an ExternalSecret, or one of its kin, is made of. Its data names keys here and in the store, as
// in secretKey: password; the values are in the store.
func (r *reader) external(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "data", "dataFrom":
			r.Values(KubernetesSealed, k, v)
		case "externalSecretSpec":
			r.external(v)
		default:
			r.any(k, v)
		}
	})
}

func (r *reader) list(v yamltree.Node, depth int) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Items(n, func(item yamltree.Node) { r.manifest(item, depth+1) })
}

// metadata reads the names, labels and annotations of an object. An annotation may hold the whole object, as it was
// applied last.
func (r *reader) metadata(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("annotations") || k.Is("labels") {
			r.Values(KubernetesAnnotation, k, v)
		} else {
			r.Values(KubernetesValue, k, v)
		}
	})
}

// secretData reads the data of a Secret, which is base64.
func (r *reader) secretData(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if v.Kind() != yamltree.Scalar || v.Null() {
			r.Values(KubernetesSecret, k, v)
			return
		}
		text := v.Text()
		meant, ok := decodeBase64(text.Bytes)
		if !ok || interpolate.Scan(text.Bytes, interpolate.Kubernetes).Form != interpolate.Literal {
			r.asLiteral(func() { r.Scalar(KubernetesSecret, k.Span(), v) })
			return
		}
		e := Entry{Assignment: assignment.Assignment{Context: KubernetesSecret, Name: k.Span(), Quoted: true}}
		r.AddLiteral(e, placed.Decode(meant, text.Place()))
		if bytes.Contains(k.Bytes(), []byte("dockerc")) { // .dockerconfigjson, .dockercfg
			r.registries(e, meant, text.Place())
		}
	})
}

// decodeBase64 decodes base64, with or without padding and line ends.
func decodeBase64(b []byte) ([]byte, bool) {
	b = bytes.TrimRight(bytes.Join(bytes.Fields(b), nil), "=")
	meant := make([]byte, base64.RawStdEncoding.DecodedLen(len(b)))
	n, err := base64.RawStdEncoding.Decode(meant, b)
	return meant[:n], err == nil && n > 0
}

// registries adds the passwords of a pull secret. Their place is the whole of it: they are not readable in the file.
func (r *reader) registries(e Entry, config []byte, place assignment.Span) {
	for _, d := range yamltree.Parse(config).Documents {
		passwords(d.Root(), 0, func(password []byte) {
			if len(password) > 0 {
				r.AddLiteral(e, placed.Decode(password, place))
			}
		})
	}
}

// passwords calls f for each password of a Docker configuration: password, and what follows the colon in auth.
func passwords(n yamltree.Node, depth int, f func([]byte)) {
	if depth > 8 {
		return
	}
	for k, v := range n.Pairs() {
		switch {
		case v.Kind() != yamltree.Scalar:
			passwords(v, depth+1, f)
		case k.Is("password"), k.Is("identitytoken"), k.Is("registrytoken"):
			f(v.Bytes())
		case k.Is("auth"):
			if meant, ok := decodeBase64(v.Bytes()); ok {
				if _, password, found := bytes.Cut(meant, []byte{':'}); found {
					f(password)
				}
			}
		}
	}
}
