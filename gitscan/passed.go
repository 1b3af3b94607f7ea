package gitscan

import "path/filepath"

// OpenPassed opens what pushes have brought that were accepted: what their refs led to (New) and what they were before (Old)
// and other commits that were there before (known) did not. Where refs are today does not matter; what they led to then
// must still be there, or it is missing.
func OpenPassed(repository string, updates []Update, known []string, o Options) (*Push, error) {
	d, err := locate(repository, false)
	if err != nil {
		return nil, err
	}
	environment := map[string]string{"GIT_DIR": d.gitDir}
	p, err := OpenPush(filepath.Dir(d.gitDir), func(name string) string { return environment[name] }, updates, o)
	if err != nil {
		return nil, err
	}
	for _, hex := range known {
		id, err := p.repo.format.objects.Parse(hex)
		if err != nil {
			p.Close()
			return nil, err
		}
		p.olds = append(p.olds, id)
	}
	// Refs of today lead to what was pushed: no ref tells what was there before. See headIDs and refIDs.
	p.begin = "none/"
	return p, nil
}
