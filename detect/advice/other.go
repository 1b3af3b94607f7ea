package advice

import (
	"strings"

	"rummage/detect/structure"
)

// dotenvRemedy is the remedy for what was found in a file of variables.
func (a *Advisor) dotenvRemedy(w *writer, f *Found) {
	name := variable(f)
	if strings.HasSuffix(string(f.Context), ".comment") || a.comment(f) {
		w.say("Take the comment out: a value that was replaced is still a value until it is revoked.")
	}
	switch a.kind {
	case structure.DotenvSample:
		w.say("A sample shows names, not values:")
		w.code(name + "=")
		return
	case structure.Envrc:
		w.say("Keep the value out of the file that is shared; direnv reads another one that git ignores:")
		w.code("dotenv_if_exists .env.local", ".gitignore:     "+gitLine(".env.local"))
		return
	}
	w.say("Take the file out of git, not off the disk, and keep it out of git and of images:")
	w.code("git rm --cached "+shellPath(""), ".gitignore:     "+gitLine(""), ".dockerignore:  **/"+base(""))
	w.say("Commit a sample in its place (" + base("") + ".example):")
	w.code(name + "=")
	if f.Context == "dotenv.default" {
		w.say("A default is a value too; let a missing one be an error:")
		w.code("${" + name + ":?}")
	}
}

// otherRemedy is for workflows, pipelines, charts and manifests.
func (a *Advisor) otherRemedy(w *writer, f *Found) {
	name, id := variable(f), secretID(f)
	build := strings.HasSuffix(string(f.Context), ".build-arg") || strings.HasSuffix(string(f.Context), ".arg") || a.lineHas(f, "--build-arg")
	switch a.kind {
	case structure.GitHub:
		a.github(w, f, name, id, build)
	case structure.GitLab:
		w.say("Store it as a variable of the project (Settings, CI/CD, Variables: masked, protected) and refer to it:")
		w.code("$" + name)
		if build {
			buildSecret(w, name, id)
		}
		a.commandAdvice(w, f, name, id)
	case structure.Kubernetes:
		kubernetes(w, f, name, id, f.Context == "kubernetes.secret" || f.Context == "" && a.inSecret(f))
	case structure.Bake:
		a.bake(w, f, name, id, build)
	case structure.Devcontainer:
		a.devcontainer(w, name, id, build)
	case structure.Helm:
		w.say("Keep the value out of the chart. Refer to a Secret that is there already, if the chart can:")
		w.code("existingSecret: " + strings.ReplaceAll(id, "_", "-"))
		w.say("or keep it in a file of values that sops encrypts:")
		w.code("sops encrypt -i secrets.yaml", "helm upgrade RELEASE CHART -f values.yaml -f <(sops decrypt secrets.yaml)")
	default:
		family, _, _ := strings.Cut(string(f.Context), ".")
		switch family {
		case "bake", "devcontainer", "command", "script":
			if build {
				buildSecret(w, name, id)
				return
			}
			a.commandAdvice(w, f, name, id)
		}
	}
}

func (a *Advisor) github(w *writer, f *Found, name, id string, build bool) {
	stored := name
	if rest, ok := strings.CutPrefix(name, "GITHUB_"); ok { // which names of secrets may not begin with
		stored = "GH_" + rest
	}
	secret := "${{ secrets." + stored + " }}"
	w.say("Store it as a secret of the repository or the organisation:")
	w.code("gh secret set " + stored)
	if !build {
		w.say("and hand it to the one step that needs it:")
		w.code("env:", "  "+name+": "+secret)
		a.commandAdvice(w, f, name, id)
		return
	}
	w.say("and give the build a secret in the place of the argument:")
	if a.lineHas(f, "--build-arg") {
		w.code("env:", "  "+name+": "+secret, "run: docker build --secret id="+id+",env="+name+" .")
	} else {
		w.code("with:", "  secrets: |", "    "+id+"="+secret)
	}
	w.say("In the Dockerfile, take ARG " + name + " out and mount the secret where it is used:")
	w.code("RUN --mount=type=secret,id=" + id + ",env=" + name + " COMMAND")
}

// provenance is a build argument whose value full provenance records.
func (a *Advisor) provenance(w *writer, f *Found) {
	w.say("Give the build a secret, which is not recorded, in the place of the argument; until then ask for less provenance:")
	switch a.kind {
	case structure.Bake:
		w.code("attest = [\"type=provenance,mode=min\"]")
	default:
		w.code("provenance: mode=min")
	}
	name, id := variable(f), secretID(f)
	switch a.kind {
	case structure.GitHub:
		w.code("secrets: |", "  "+id+"=${{ secrets."+name+" }}")
	case structure.Compose:
		w.code("build:", "  secrets:", "    - "+id, "secrets:", "  "+id+":", "    environment: "+name)
	case structure.Bake:
		w.code("secret = [\"id=" + id + ",env=" + name + "\"]")
	}
	w.say("In the Dockerfile, take ARG " + name + " out and mount the secret where it is used:")
	w.code("RUN --mount=type=secret,id=" + id + ",env=" + name + " COMMAND")
}

// bake is what was found in a bake file.
func (a *Advisor) bake(w *writer, f *Found, name, id string, build bool) {
	if build {
		w.say("Give the build a secret in the place of the argument:")
		w.code("secret = [\"id=" + id + ",env=" + name + "\"]")
		w.say("In the Dockerfile, take ARG " + name + " out and mount the secret where it is used:")
		w.code("RUN --mount=type=secret,id=" + id + ",env=" + name + " COMMAND")
		return
	}
	w.say("Give a secret of the build from the environment, and no variable a value that is one:")
	w.code("secret = [\"id=" + id + ",env=" + name + "\"]")
}

// devcontainer is what was found in a devcontainer.json.
func (a *Advisor) devcontainer(w *writer, name, id string, build bool) {
	if build {
		buildSecret(w, name, id)
		return
	}
	w.say("Let the value come from the machine, or from a file that git ignores:")
	w.code("\"remoteEnv\": { \""+name+"\": \"${localEnv:"+name+"}\" }", "\"runArgs\": [\"--env-file\", \".devcontainer/secret.env\"]")
}

// buildSecret is a build argument that becomes a secret.
func buildSecret(w *writer, name, id string) {
	w.say("Give the build a secret in the place of the argument:")
	w.code("docker build --secret id=" + id + ",env=" + name + " .")
	w.say("In the Dockerfile, take ARG " + name + " out and mount the secret where it is used:")
	w.code("RUN --mount=type=secret,id=" + id + ",env=" + name + " COMMAND")
}

// commandAdvice knows the commands around Docker that take a secret as an argument.
func (a *Advisor) commandAdvice(w *writer, f *Found, name, id string) {
	switch {
	case a.lineHas(f, " login"):
		w.say("Hand a password to its command by standard input:")
		w.code("printf %s \"$" + name + "\" | docker login --username USER --password-stdin REGISTRY")
	case a.lineHas(f, "docker run") || a.lineHas(f, "podman run"):
		w.say("Let the container take the variable over by its name, or read a file that git ignores:")
		w.code("docker run --env "+name+" IMAGE", "docker run --env-file secret.env IMAGE")
	case a.lineHas(f, "helm ") && a.lineHas(f, "--set"):
		w.say("Arguments end in the shell's history and in logs. Give helm a file that sops encrypts:")
		w.code("helm upgrade RELEASE CHART -f <(sops decrypt secrets.yaml)")
	case strings.HasPrefix(string(f.Context), "command.") || strings.HasPrefix(string(f.Context), "script.") ||
		strings.HasPrefix(string(f.Context), "bake.") || strings.HasPrefix(string(f.Context), "devcontainer."):
		w.say("Let the value come from the environment of whoever runs it:")
		w.code("${" + name + ":?}")
	}
}

// lineHas looks for a text in the lines around the secret.
func (a *Advisor) lineHas(f *Found, text string) bool {
	from, to := f.Match.Start, f.Match.End
	for n := 0; from > 0 && n < 400 && a.data[from-1] != '\n'; n++ {
		from--
	}
	for n := 0; to < len(a.data) && n < 400 && a.data[to] != '\n'; n++ {
		to++
	}
	if to-from > 4*maxInstruction {
		to = from + 4*maxInstruction
	}
	return strings.Contains(string(a.data[from:to]), text)
}

// inSecret reports whether the document of a manifest is a Secret, as far as the lines before say it.
func (a *Advisor) inSecret(f *Found) bool {
	text := string(a.data[max(0, f.Match.Start-maxInstruction):min(len(a.data), f.Match.End)])
	if i := strings.LastIndex(text, "\n---"); i >= 0 {
		text = text[i:]
	}
	return strings.Contains(text, "kind: Secret")
}

func kubernetes(w *writer, f *Found, name, id string, secret bool) {
	dashed := strings.ReplaceAll(id, "_", "-")
	switch {
	case secret:
		w.say("base64 is no encryption. Commit the sealed or encrypted form, or only where the secret is to be had:")
		w.code("kubeseal -f "+shellPath("")+" -w sealed.yaml      # SealedSecret", "sops encrypt -i "+shellPath("")+"              # SOPS, with Flux or KSOPS",
			"kind: ExternalSecret                # External Secrets Operator, from a vault")
	default:
		w.say("Put it in a Secret that is not committed, and refer to it:")
		w.code("kubectl create secret generic "+dashed+" --from-file="+id, "env:", "  - name: "+name, "    valueFrom:", "      secretKeyRef:", "        name: "+dashed, "        key: "+id)
		if f.Context == "kubernetes.command" {
			w.say("The command can then say $(" + name + ").")
		}
	}
}
