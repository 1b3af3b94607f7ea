package devcontainer

import "strings"

// IsDevcontainer says whether a file of this name, folders included (with slashes), is taken for one: devcontainer.json
// and .devcontainer.json anywhere, and in a folder .devcontainer, or one below it, whatever begins with devcontainer and
// ends with .json or .jsonc, but the lock file and the descriptions of features and templates.
func IsDevcontainer(name string) bool {
	name = strings.ToLower(name)
	dir, base := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir, base = name[:i], name[i+1:]
	}
	switch base {
	case "devcontainer.json", ".devcontainer.json":
		return true
	case "devcontainer-lock.json", "devcontainer-feature.json", "devcontainer-template.json":
		return false
	}
	return strings.HasPrefix(base, "devcontainer") && (strings.HasSuffix(base, ".json") || strings.HasSuffix(base, ".jsonc")) &&
		strings.Contains("/"+dir+"/", "/.devcontainer/")
}
