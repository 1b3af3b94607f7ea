// Package ahead is what a search begins with and no command line changes: the pace of the collector, the built-in rules and
// their detector.
//
// It is begun before main, in a goroutine, as soon as this package is initialized: that of others goes on meanwhile, the
// databases and networks of commands that are not even called, and then the command line is read. So it imports what rules
// need and no more. Packages are initialized in the order of their paths when nothing that they import is left, and the rest
// of the standard library comes after ours.
//
// It knows the program's first argument, not the flags: whoever names rule files does not use what is made here. All of it
// may be called from any goroutine.
package ahead

import (
	"os"
	"sync"

	"rummage"
	"rummage/detect"
)

func init() {
	paceCollector()
	if len(os.Args) > 1 {
		begin(os.Args[1])
	}
}

// begin makes what a command needs.
func begin(command string) {
	switch command {
	case "git", "files", "image", "hook":
		go prepare()
	case "rules", "explain", "sweep":
		go func() { _, _ = Rules() }() // whoever wants them has the error
	}
}

func prepare() {
	if d := Detector(); d != nil {
		d.Matcher()
	}
}

// Rules restores the built-in rules, once.
var Rules = sync.OnceValues(func() (*detect.Ruleset, error) { return detect.Restore(rummage.RulesSnapshot) })

// Detector is that of the built-in rules, made once; nil where these cannot be restored, which Rules tells. The first matcher
// lays the search for keywords out.
var Detector = sync.OnceValue(func() *detect.Detector {
	rules, err := Rules()
	if err != nil {
		return nil
	}
	return detect.New(rules)
})
