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

const (
	inHistory = "Whoever can read the repository has it, in every clone and fork, and in the history after it was taken out."
	whyText   = "A file in a repository is copied to everybody who clones it. " + inHistory
	whyConfig = "It stands in the configuration of the image and in its history: `docker inspect`, `docker history` and every registry " +
		"that has the image show it, and each process of the container inherits it."
	whyArg = "The value of an ARG stands in the history of the image, once for itself and once with each later RUN of the stage " +
		"(RUN |1 NAME=value …), and in provenance with mode=max. Of an ARG that only a builder stage has, provenance and build caches carry it."
	whyLayer = "A layer keeps every file that was ever in it. Whoever can pull the image can unpack its layers, and a later " +
		"instruction that deletes the file only hides it."
	whyRun   = "The text of RUN, heredocs included, stands in the history of the image and in provenance; what the command writes stands in a layer."
	whyImage = "It stands in the configuration of the image, which `docker inspect` and every registry show to whoever can pull it"
	whyCI    = "Whoever can read the repository can read the pipeline's file; values in it are not masked in logs either."
)

// why has the contexts of which there is something of their own to say. Others are answered by family.
var why = map[assignment.Context]string{
	assignment.Text: whyText,

	dockerfile.ContextEnv:         whyConfig,
	dockerfile.ContextEnvArg:      "What is given to the ARG ends in the ENV. " + whyConfig,
	dockerfile.ContextSecretEnv:   "The file mounts this secret for the build, which leaves no trace; the ENV beside it does. " + whyConfig,
	dockerfile.ContextArg:         "The default of an ARG stands in the Dockerfile for everybody to read. " + whyArg,
	dockerfile.ContextArgOpen:     whyArg,
	dockerfile.ContextLabel:       "Labels stand in the configuration of the image and in its history, for everybody who can pull or inspect it.",
	dockerfile.ContextRun:         whyRun,
	dockerfile.ContextHeredoc:     "A heredoc of RUN stands in the history of the image with its whole text; one of COPY becomes a file in a layer.",
	dockerfile.ContextCmd:         "The command stands in the configuration of the image and in its history, and in the process list of every host that runs it.",
	dockerfile.ContextHealthcheck: "The health check stands in the configuration of the image, and its command in the process list each time it runs.",
	dockerfile.ContextOnBuild:     "ONBUILD stands in the configuration of the image, and runs in every image that is built on it.",
	dockerfile.ContextComment:     "A comment is as readable as an instruction. " + inHistory,
	dockerfile.ContextCopy:        whyLayer,

	dockerfile.ContextCopyCredential: whyLayer,
	dockerfile.ContextCopyRemoved:    "The file is deleted in a later instruction, and still is in the layer of the COPY: docker save, or any tool that unpacks layers, gets it back.",
	dockerfile.ContextCopyAll: "COPY of the whole context takes whatever lies in the folder, committed credentials included, unless a .dockerignore " +
		"keeps it out. " + whyLayer,
	dockerfile.ContextSecretWritten: "A mounted secret is gone after its RUN, but what a command writes into a file stays in the layer, for everybody who can pull the image.",

	compose.Environment: "The value stands in the repository, and in the container's configuration: `docker inspect` shows it to everybody who may " +
		"use the daemon, and each process of the container inherits it.",
	compose.BuildArg:    whyArg,
	compose.Command:     "The command line stands in the repository, in `docker inspect`, and in the process list of the host.",
	compose.Healthcheck: "The check stands in the repository, in `docker inspect`, and in the process list each time it runs.",
	compose.Label:       "Labels stand in the repository and can be read by everything that may list containers, a reverse proxy's dashboard for instance.",
	compose.Logging:     "The options of a log driver stand in the repository and in `docker inspect`.",
	compose.DriverOpts:  "The options of a volume or network driver stand in the repository and in `docker volume inspect`.",
	compose.Config:      "Configs are not kept secret: they stand in the repository, and a swarm stores and shows them as they are.",
	compose.Default:     "A default is in the file, and in use wherever nobody sets the variable: it is the password of every installation that was not told otherwise.",
	compose.Commented:   "A comment is as readable as a setting. " + inHistory,
	compose.Secret:      "The file of a secret is its value; where it is committed, the secret is.",

	structure.ComposeSecretTracked: "The whole file is the value of a secret, and it is committed beside the compose file. " + inHistory,
	structure.ComposeEnvTracked:    "The file sets the secrets of the services, and it is committed beside the compose file. " + inHistory,
	structure.ComposeEnvUnignored:  "The file is not committed yet, but nothing keeps it from being: the next `git add .` takes it along.",

	structure.ProvenanceArg: "Provenance with mode=max records the value of each build argument, those of builder stages too, beside the image in the registry.",

	imageconfig.Env:         whyImage + ", and each process of its containers inherits it.",
	imageconfig.Label:       whyImage + ".",
	imageconfig.Cmd:         whyImage + ", and in the process list of every host that runs it.",
	imageconfig.Healthcheck: whyImage + ", and its command in the process list each time it runs.",
	imageconfig.OnBuild:     whyImage + ", and it runs in every image that is built on this one.",
	imageconfig.History: "The history of an image is part of its configuration: `docker history --no-trunc` shows it to whoever can pull the image, " +
		"and later instructions do not change it.",
	imageconfig.BuildArg: "The image's history has it, for whoever can pull it: the value of an ARG stands there once for itself and once with each later RUN.",
	imageconfig.Provenanced: "The provenance of a build with mode=max records its arguments, the variables of each step and the Dockerfile, those of builder " +
		"stages too, beside the image in the registry.",
	structure.ImageFile:          whyLayer,
	structure.ImageWorldReadable: whyLayer + " In a container, every user and every process that was broken into can read it.",

	dotenv.Context:   "A .env file holds what is different, and secret, for each installation. This one is in git. " + inHistory,
	dotenv.Commented: "A value in a comment was in use once, and is until it is revoked. " + inHistory,
	dotenv.Sampled:   "A sample is published on purpose, and this one has a value that looks real. " + inHistory,
	dotenv.Default:   "A default is in the file, and in use wherever nobody sets the variable. " + inHistory,

	yamlfile.KubernetesSecret:  "The data of a Secret is base64, which is no encryption: whoever can read the manifest has the value. " + inHistory,
	yamlfile.KubernetesSealed:  "What is sealed is encrypted for one cluster; only a plain value beside it would leak.",
	yamlfile.KubernetesConfig:  "A ConfigMap is not kept secret: whoever can read the manifest or the namespace has the value. " + inHistory,
	yamlfile.KubernetesEnv:     "The value stands in the manifest and in the pod's description, for whoever can read the repository or list pods.",
	yamlfile.KubernetesCommand: "The command stands in the manifest, in the pod's description, and in the process list of the node.",
	yamlfile.GitHubBuildArg:    "The argument of a build, even one that comes from a secret of the repository, ends in the image. " + whyArg,
	yamlfile.GitHubRun:         "The script stands in the repository, and its command line in the process list of the runner. " + whyCI,
	yamlfile.GitLabScript:      "The script stands in the repository, and its command line in the process list of the runner. " + whyCI,
	yamlfile.GitLabVariables:   "Variables in the pipeline's file can be read by everybody who can read the repository; only those of the project's settings are masked.",
	yamlfile.HelmValues:        "The values of a chart stand in the repository, and in the release that helm stores in the cluster.",
	yamlfile.Default:           "A default is in the file, and in use wherever nobody sets the variable. " + inHistory,
}

// families are contexts that begin alike.
var families = []struct{ prefix, text string }{
	{"dockerfile.", "A Dockerfile is read by whoever can read the repository, and is in the provenance of what is built from it."},
	{"compose.", "A compose file is read by whoever can read the repository, and what it sets is shown by `docker inspect`."},
	{"dotenv", "A .env file that is in git is no place for a secret. " + inHistory},
	{"kubernetes.", "A manifest is read by whoever can read the repository, and what it sets by whoever can read the namespace."},
	{"github.", whyCI},
	{"gitlab.", whyCI},
	{"helm.", "A chart's values stand in the repository, and in the release that helm stores in the cluster."},
	{"bake.", "A bake file is read by whoever can read the repository. Its args become build arguments. " + whyArg},
	{"devcontainer.", "devcontainer.json is read by whoever can read the repository, and what it sets by every process of the container."},
	{"command.build-arg", whyArg},
	{"command.", "A command line stands in the script, in the shell's history, in the logs of CI and, while it runs, in the process list of the host."},
	{"script.", "A script is read by whoever can read the repository, and each process that it starts inherits what it exports."},
	{"image.", "The configuration of an image is shown by `docker inspect` to whoever can pull it, and by every registry that has it."},
	{"yaml", "A configuration file in a repository is copied to everybody who clones it. " + inHistory},
}

// Why says why a value leaks that stands in this context. An empty context is that of free text and of files that are
// secret by their name.
func Why(c assignment.Context) string {
	if s, ok := why[c]; ok {
		return s
	}
	for _, f := range families {
		if strings.HasPrefix(string(c), f.prefix) {
			return f.text
		}
	}
	return whyText
}
