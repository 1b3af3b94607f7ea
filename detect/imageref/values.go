package imageref

import (
	"strings"

	"rummage/detect/carrier"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// values reads manifests and the values of charts: `image: name` anywhere, and repository, tag, digest and registry
// beside each other.
type values struct {
	carrier.Walker
	resolver
	role Role
	helm bool
	refs []Ref
	// aliases is how many bytes aliases may still stand for in the document.
	aliases int
}

func readValues(data []byte, helm bool) (refs []Ref, problems int) {
	tree := yamltree.Parse(data)
	r := values{Walker: carrier.New(data, tree.Problems), role: Kubernetes, helm: helm}
	if helm {
		r.role = Helm
	}
	r.dialect = interpolate.Compose | interpolate.Command
	for _, d := range tree.Documents {
		r.Document(d)
		r.aliases = d.Span.Len() + 1<<16
		root := d.Root().Target()
		r.node("", root, root.Get("apiVersion").Kind() == yamltree.Scalar && root.Get("kind").Kind() == yamltree.Scalar)
	}
	tree.Release()
	problems = len(r.Problems)
	r.Done()
	return r.refs, problems
}

// fields are those of an image that is written in several.
type fields struct {
	registry, repository, name, image, tag, digest yamltree.Node
	hasTag                                         bool
}

// node reads what stands behind a key. object says that it is an object of Kubernetes.
func (r *values) node(key string, v yamltree.Node, object bool) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Items(n, func(item yamltree.Node) {
		t := item.Target()
		r.node(key, item, object && t.Get("apiVersion").Kind() == yamltree.Scalar)
	})
	if n.Kind() != yamltree.Mapping {
		return
	}
	data := object && (n.Get("kind").Is("Secret") || n.Get("kind").Is("ConfigMap"))
	var f fields
	r.Pairs(n, func(k, v yamltree.Node) {
		name := string(k.Bytes())
		if object && (name == "metadata" || data && (name == "data" || name == "stringData" || name == "binaryData")) {
			return
		}
		if v.Target().Kind() != yamltree.Scalar {
			r.node(name, v, object && name == "items")
			return
		}
		if v.Kind() == yamltree.Alias {
			if r.aliases -= v.Target().Span().Len(); r.aliases < 0 {
				return
			}
		}
		r.field(&f, name, v.Target())
	})
	r.image(key, &f)
}

// field keeps a scalar that may be part of an image. A key that was merged in comes before the mapping's own.
func (r *values) field(f *fields, name string, v yamltree.Node) {
	switch name {
	case "image":
		f.image = v
	case "registry", "hub":
		f.registry = v
	case "repository", "repo":
		f.repository = v
	case "name":
		f.name = v
	case "tag", "imageTag", "image_tag":
		f.tag, f.hasTag = v, true
	case "digest", "sha":
		f.digest = v
	default:
		if t := text(v); r.helm && (strings.HasSuffix(name, "Image") || strings.HasSuffix(name, "_image")) && len(t) <= MaxLength {
			// Other things end in Image too; with a tag or a digest it is one.
			if c, _ := Canonical(t); c != "" && strings.ContainsAny(t, ":@") {
				r.refs = append(r.refs, settle(r.role, t, "", v.Text().Place()))
			}
		}
	}
}

// image adds the image that the fields of a mapping make, if they do.
func (r *values) image(key string, f *fields) {
	if f.image.Kind() == yamltree.Scalar {
		tag := text(f.tag)
		if whole := text(f.image); r.helm && tag != "" && !strings.Contains(whole[strings.LastIndexByte(whole, '/')+1:], ":") && !strings.Contains(whole, "@") {
			r.compose(f, f.image)
		} else if f.image.Quoted() || !plainWord(f.image.Bytes()) {
			r.refs = add(r.refs, &r.resolver, r.role, f.image.Bytes(), f.image.Text().Place())
		}
		return
	}
	named := strings.HasSuffix(strings.ToLower(key), "image")
	switch {
	case text(f.repository) != "" && (named || text(f.digest) != "" || f.hasTag):
		r.compose(f, f.repository)
	case named && text(f.name) != "" && (f.hasTag || text(f.digest) != ""):
		r.compose(f, f.name)
	}
}

func text(n yamltree.Node) string {
	if n.Kind() != yamltree.Scalar || n.Null() {
		return ""
	}
	return strings.TrimSpace(string(n.Bytes()))
}

// compose adds the image that repository and the fields beside it make.
func (r *values) compose(f *fields, repository yamltree.Node) {
	s := repository.Text().Place()
	whole := text(repository)
	if strings.Contains(whole, "://") {
		return // of a chart, or of git
	}
	if reg := strings.TrimSuffix(text(f.registry), "/"); reg != "" {
		whole = reg + "/" + whole
	}
	tag, digest := text(f.tag), text(f.digest)
	if tag != "" {
		whole += ":" + strings.TrimPrefix(tag, ":")
	}
	switch {
	case strings.Contains(digest, ":"):
		whole += "@" + digest
	case digest != "":
		whole += "@sha256:" + digest
	}
	if strings.TrimSpace(whole) == "" {
		return
	}
	resolved, why := r.resolve([]byte(whole))
	if last := resolved[strings.LastIndexByte(resolved, '/')+1:]; why == "" && tag == "" && digest == "" && !strings.ContainsAny(last, ":@") {
		if why = "there is no tag beside the repository"; f.hasTag {
			why = "its tag is empty"
		}
	}
	r.refs = append(r.refs, settle(r.role, resolved, why, s))
}
