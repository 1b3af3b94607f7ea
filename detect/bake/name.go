package bake

import "strings"

// copies are endings of copies and templates of a file: docker-bake.hcl.example.
var copies = map[string]bool{
	"example": true, "sample": true, "template": true, "tpl": true, "tmpl": true, "dist": true, "j2": true, "in": true, "bak": true,
	"old": true, "orig": true, "save": true, "local": true, "disabled": true,
}

// IsBake says whether a file of this name, without its folders, is taken for a bake file: docker-bake.hcl,
// docker-bake.override.json, app.bake.hcl, bake-prod.hcl, in any case. JSON needs the docker before the bake.
func IsBake(base string) bool {
	if len(base) < len("bake.hcl") || len(base) > 255 {
		return false
	}
	name := strings.ToLower(base)
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && copies[name[dot+1:]] {
		name = name[:dot]
	}
	if strings.HasSuffix(name, ".json") {
		return strings.HasPrefix(name, "docker-bake") || strings.HasSuffix(name, ".docker-bake.json")
	}
	stem, ok := strings.CutSuffix(name, ".hcl")
	if !ok {
		return false
	}
	if strings.HasPrefix(stem, "docker-bake") {
		return true
	}
	for _, word := range strings.FieldsFunc(stem, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		if word == "bake" || word == "dockerbake" {
			return true
		}
	}
	return false
}
