package advice

import (
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/compose"
	"rummage/detect/dockerfile"
	"rummage/detect/dotenv"
	"rummage/detect/imageconfig"
	"rummage/detect/structure"
	"rummage/detect/yamlfile"
)

// parts are what contexts are called whose own words do not say it.
var parts = map[assignment.Context]string{
	assignment.Text:                  "name and value",
	dockerfile.ContextArgOpen:        "ARG whose value comes from outside",
	dockerfile.ContextEnvArg:         "ENV that takes over an ARG",
	dockerfile.ContextSecretEnv:      "ENV of what is mounted as a secret",
	dockerfile.ContextCopyCredential: "COPY or ADD of a file of credentials",
	dockerfile.ContextCopyRemoved:    "COPY or ADD of a file that is deleted later",
	dockerfile.ContextCopyAll:        "COPY or ADD of the whole build context",
	dockerfile.ContextSecretWritten:  "RUN that writes a mounted secret",
	compose.Extension:                "x- field",
	compose.Value:                    "any value",
	compose.Default:                  "default of a variable",
	structure.ComposeSecretTracked:   "file of a secret that is committed",
	structure.ComposeEnvTracked:      "env_file that is committed",
	structure.ComposeEnvUnignored:    "env_file that is not ignored",
	structure.ProvenanceArg:          "secret argument of a build with full provenance",
	dotenv.Context:                   "variable",
	imageconfig.Env:                  "variable",
	imageconfig.Cmd:                  "command",
	imageconfig.Healthcheck:          "health check",
	imageconfig.OnBuild:              "ONBUILD",
	imageconfig.BuildArg:             "build argument in the history",
	imageconfig.Provenanced:          "argument of the build in the provenance",
	structure.ImageFile:              "any file of a layer",
	structure.ImageWorldReadable:     "file of a layer that everybody may read",
	yamlfile.YAML:                    "any value",
	yamlfile.KubernetesValue:         "any value",
	yamlfile.GitHubValue:             "any value",
	yamlfile.GitLabValue:             "any value",
	yamlfile.Default:                 "default of a variable",
}

// files are what the families of contexts stand in.
var files = map[string]string{"text": "any text", "dockerfile": "a Dockerfile", "compose": "a compose file", "dotenv": "a .env file",
	"kubernetes": "a Kubernetes manifest", "github": "a GitHub workflow", "gitlab": "a GitLab pipeline", "helm": "the values of a Helm chart",
	"yaml": "a YAML file", "bake": "a bake file", "devcontainer": "a devcontainer.json", "command": "a docker, helm or similar command",
	"script": "a script", "build": "a workflow, compose or bake file", "image": "a container image"}

// split is what a context is called within its kind of file, and that.
func split(c assignment.Context) (part, file string) {
	family, what, _ := strings.Cut(string(c), ".")
	file = files[family]
	part, ok := parts[c]
	switch {
	case ok:
	case family == "dockerfile" && what != "heredoc" && what != "comment":
		part = strings.ToUpper(what)
	case what == "":
		part = "value"
	default:
		part = strings.ReplaceAll(what, "-", " ")
	}
	return part, file
}

// Where is what a context is called in a sentence: "ENV, in a Dockerfile". It is empty for that of free text.
func Where(c assignment.Context) string {
	switch part, file := split(c); {
	case c == "":
		return ""
	case file == "":
		return string(c)
	default:
		return part + ", in " + file
	}
}

// List names contexts by the kinds of file that they are of, one line a kind, in the order in which they come.
func List(contexts []assignment.Context) (lines []string) {
	at := map[string]int{}
	for _, c := range contexts {
		part, file := split(c)
		if file == "" {
			part, file = string(c), "others"
		}
		i, ok := at[file]
		if !ok {
			at[file] = len(lines)
			lines = append(lines, strings.ToUpper(file[:1])+file[1:]+": "+part)
			continue
		}
		lines[i] += ", " + part
	}
	return lines
}
