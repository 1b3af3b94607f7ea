package advice

import (
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/imageconfig"
	"rummage/detect/structure"
)

// rebuilt ends every remedy for an image.
const rebuilt = "Build the image anew, push it, and delete the old one from every registry, by digest too. An instruction that empties or " +
	"deletes it later does not help: the layers and the history below keep it."

// imageRemedy is the remedy for what was found in what an image says of itself. The value came from a Dockerfile or the
// command line of a build, so that is what is to be changed.
func (a *Advisor) imageRemedy(w *writer, f *Found) {
	context, about := f.Context, *f
	if x := a.imageAssignment(f); x != nil && !strings.HasPrefix(string(context), "image.") {
		context = x.Context // of what an expression found
		if about.Key == "" && x.Name.Len() <= maxName {
			about.Key = string(x.Name.Of(a.data))
		}
	}
	name, id := variable(&about), secretID(&about)
	switch context {
	case imageconfig.Env:
		w.say("Take " + name + " out of the Dockerfile's ENV and give it to the container when it runs, from a file that neither git nor the image has:")
		w.code("docker run --env-file secret.env IMAGE")
		w.say("or as a secret, if the program can read the value from a file:")
		w.code("environment:", "  "+name+"_FILE: /run/secrets/"+id, "secrets: ["+id+"]")
	case imageconfig.BuildArg, imageconfig.Provenanced:
		buildSecret(w, name, id)
		if context == imageconfig.Provenanced {
			w.say("Until then ask for provenance without the arguments:")
			w.code("docker build --provenance=mode=min .")
		}
	case imageconfig.Label:
		w.say("Take the label out of the Dockerfile; an address goes there without its login.")
	case imageconfig.Cmd, imageconfig.Healthcheck:
		w.say("Let the command read the value when it runs, from a variable or a file under /run/secrets:")
		w.code("${" + name + ":?}")
	default:
		w.say("Take the value out of the Dockerfile. What the build needs is mounted for the one command that needs it:")
		w.code("RUN --mount=type=secret,id="+id+",env="+name+" COMMAND", "docker build --secret id="+id+",env="+name+" .")
		w.say("What the container needs is given to it when it runs (docker run --env-file, or a file under /run/secrets).")
		if context == imageconfig.OnBuild {
			w.say("Images that were built on this one carry the value too: build them anew as well.")
		}
	}
	w.say(rebuilt)
}

// imageAssignment is the assignment in whose value something was found, nil if there is none.
func (a *Advisor) imageAssignment(f *Found) *assignment.Assignment {
	if !a.imageRead {
		a.imageRead = true
		reading, _ := a.kind.Read(a.data)
		a.image = reading.Assignments
		slices.SortStableFunc(a.image, func(x, y assignment.Assignment) int { return x.Value.Start - y.Value.Start })
	}
	i, _ := slices.BinarySearchFunc(a.image, f.Secret.Start+1, func(x assignment.Assignment, at int) int { return x.Value.Start - at })
	// Those that end before the secret begins may stand between: an assignment may lie within the value of another.
	for n := 0; i > 0 && n < maxAhead; n++ {
		if i--; a.image[i].Value.End >= f.Secret.End && strings.HasPrefix(string(a.image[i].Context), "image.") {
			return &a.image[i]
		}
	}
	return nil
}

// inImage says whether the kind is that of what an image says of itself.
func inImage(k structure.Kind) bool { return k == structure.ImageConfig || k == structure.Provenance }
