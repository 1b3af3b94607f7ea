package main

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"rummage/benchmarks/labelled"
	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
)

// Two static checks of Dockerfiles, made anew from what is known of their behaviour: neither can be called as a
// library or a small program. Both read files with the parser of this repository, which follows BuildKit's, and both
// are given the line of each key, where the tools themselves name the instruction alone.

// words makes the expression that both checks use for names: one of the words between underscores or ends.
func words(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:_|^)(?:` + list + `)(?:_|$)`)
}

// BuildKit v0.34: SecretsUsedInArgOrEnv.
var (
	buildkitDeny  = words("apikey|auth|credential|credentials|key|password|pword|passwd|secret|token")
	buildkitAllow = words("public|file|version")
)

// buildkit is the check as --check runs it: names of ENV and ARG in every stage, whatever their values.
func buildkit(name string, data []byte) (found []labelled.Found) {
	f := dockerfile.Parse(data)
	for i := range f.Instructions {
		in := &f.Instructions[i]
		if in.Stage < 0 || in.Name != "ENV" && in.Name != "ARG" {
			continue
		}
		for j := range in.Vars {
			key := string(in.Vars[j].Name.Bytes)
			if buildkitDeny.MatchString(key) && !buildkitAllow.MatchString(key) {
				found = append(found, keyed(name, data, &in.Vars[j], "SecretsUsedInArgOrEnv"))
			}
		}
	}
	return found
}

// trivy-checks 80e53822: DS-0031.
var (
	trivyNames = setOf(`AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_ID AZURE_CLIENT_SECRET
		GITHUB_TOKEN GH_TOKEN GH_ENTERPRISE_TOKEN GITHUB_ENTERPRISE_TOKEN OPENAI_API_KEY HF_TOKEN
		DIGITALOCEAN_ACCESS_TOKEN DOCKERHUB_PASSWORD FIREBASE_TOKEN CI_DEPLOY_PASSWORD GOOGLE_API_KEY
		LANGSMITH_API_KEY LANGCHAIN_API_KEY HEROKU_API_KEY`)
	trivyFiles    = setOf("AWS_CONFIG_FILE HF_TOKEN_PATH GOOGLE_APPLICATION_CREDENTIALS")
	trivyDeny     = words("apikey|auth|credential|credentials|key|password|pword|passwd|secret|token|usr|psw")
	trivyAllow    = words("public")
	trivyCommands = regexp.MustCompile(`aws configure set aws_access_key_id|aws configure set aws_secret_access_key|` +
		`gcloud auth activate-service-account|az login.*(?:-p|--password|--federated-token)\s|` +
		`doctl auth init.*(?:-t|--access-token)\s`)
)

const trivyRule = "DS-0031"

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}

// trivy is DS-0031: the last stage alone.
func trivy(name string, data []byte) (found []labelled.Found) {
	f := dockerfile.Parse(data)
	var last []*dockerfile.Instruction
	for i := range f.Instructions {
		if in := &f.Instructions[i]; in.Stage >= 0 && in.Stage == len(f.Stages)-1 {
			last = append(last, in)
		}
	}
	for _, in := range last {
		switch in.Name {
		case "ENV", "ARG":
			for j := range in.Vars {
				if v := &in.Vars[j]; trivyVar(in, v, last) {
					found = append(found, keyed(name, data, v, trivyRule))
				}
			}
		case "COPY":
			if len(in.Args) == 2 && trivyFiles[strings.TrimPrefix(string(in.Args[1].Raw.Bytes), "$")] {
				found = append(found, whole(name, in, trivyRule))
			}
		case "RUN":
			if !exempt(in) && trivyCommands.Match(in.Rest.Bytes) {
				found = append(found, whole(name, in, trivyRule))
			}
		}
	}
	return found
}

// trivyVar says that the check complains of a pair. VITE_ and REACT_APP_ in front are no prefixes to it but sets of
// characters.
func trivyVar(in *dockerfile.Instruction, v *dockerfile.Var, last []*dockerfile.Instruction) bool {
	key := string(v.Name.Bytes)
	if in.Name == "ARG" && bytes.IndexByte(v.Raw.Bytes, '=') >= 0 {
		return false // it splits at every equals sign and wants two parts
	}
	switch {
	case trivyNames[key], trivyNames[strings.TrimLeft(key, "VITE_")], trivyNames[strings.TrimLeft(key, "REACT_P")]:
		return true
	case trivyFiles[key]:
		return copied(string(v.Value.Bytes), last)
	}
	return trivyDeny.MatchString(key) && !trivyAllow.MatchString(key)
}

// copied says that a path lies below a COPY's target.
func copied(file string, last []*dockerfile.Instruction) bool {
	file = path.Join("/", file)
	for _, in := range last {
		if in.Name != "COPY" || len(in.Args) == 0 || file == "/" {
			continue
		}
		target := path.Join("/", string(in.Args[len(in.Args)-1].Value.Bytes))
		if strings.HasPrefix(file, strings.TrimSuffix(target, "/")+"/") {
			return true
		}
	}
	return false
}

// exempt says that a flag begins with a secret mount.
func exempt(in *dockerfile.Instruction) bool {
	for i := range in.Flags {
		if fl := &in.Flags[i]; fl.Name == "mount" && bytes.HasPrefix(fl.Value.Bytes, []byte("type=secret")) {
			return true
		}
	}
	return false
}

// keyed is a finding at a key.
func keyed(name string, data []byte, v *dockerfile.Var, rule string) labelled.Found {
	line := lineOf(data, v.Name.Place())
	return labelled.Found{Path: name, First: line, Last: line, Rule: rule, Key: string(v.Name.Bytes)}
}

func whole(name string, in *dockerfile.Instruction, rule string) labelled.Found {
	return labelled.Found{Path: name, First: in.StartLine, Last: in.EndLine, Rule: rule}
}

func lineOf(data []byte, s assignment.Span) int { return 1 + bytes.Count(data[:s.Start], []byte("\n")) }
