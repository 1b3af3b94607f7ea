package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"rummage/detect/assignment"
)

// What a rule finds in a blob depends on other rules in four ways:
//
//   - A match gives way to a better one, of another rule or its own. Where there is a match, some stay.
//   - A match counts only near matches of the rules that its rule requires.
//   - Of assignments in text, one is read for all keywords in its name, as the first of them gives it; so rules for
//     text.assignment depend on the keywords of all rules for names.
//   - Where a reader of structured files has read a name that matters to some rule, what rules of text made of that name does
//     not count. They made it of the text alone all the same.
//
// Comments and allowlists drop nothing: what they suppress is a match, told as suppressed.
//
// So of a blob in which nothing was found, nothing suppressed either, neither in its text nor as a structured file that it was
// read as, no rule made anything, and what rules that are now removed, allowlists and specificities did does not matter: in it
// something can be found by rules only that are new, or whose hash by RuleHashes is another.

// RuleHashes has for each rule what identifies all that decides whether it finds anything in a blob. With Changed it tells
// what blobs in which other rules have found nothing are to be searched with.
func (rs *Ruleset) RuleHashes() map[string]string {
	names := rs.nameKeywords()
	hashes := make(map[string]string, len(rs.rules))
	for _, r := range rs.rules {
		h := hasher{h: sha256.New()}
		h.str(hashVersion)
		if r.findsContent() {
			h.finding(r)
			for _, id := range rs.requiredBy(r) {
				if q := rs.byID[id]; q != nil {
					h.finding(q)
				}
			}
			if r.isTextName() {
				h.strs(names)
			}
		}
		hashes[r.ID] = hex.EncodeToString(h.h.Sum(nil)[:16])
	}
	return hashes
}

// finding writes what decides what r finds by itself.
func (h *hasher) finding(r *Rule) {
	bare := *r
	bare.Allowlists, bare.Specificity = nil, 0
	h.rule(&bare)
}

// findsContent reports whether the rule makes findings of what is in blobs.
func (r *Rule) findsContent() bool { return !r.NameOnly() && !r.SkipReport }

// isName reports whether the rule's keywords are looked for in names of assignments.
func (r *Rule) isName() bool { return r.Regex == "" && len(r.In) > 0 && !r.NameOnly() }

func (r *Rule) isTextName() bool { return r.isName() && r.reads(assignment.Text) }

// nameKeywords are the keywords of all rules for names, each once, ascending.
func (rs *Ruleset) nameKeywords() []string {
	set := map[string]bool{}
	for _, r := range rs.rules {
		if r.isName() {
			for _, k := range r.Keywords {
				set[k] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// requiredBy are the ids of what a rule requires, and of what that requires, ascending.
func (rs *Ruleset) requiredBy(r *Rule) []string {
	ids := map[string]bool{}
	todo := []*Rule{r}
	for len(todo) > 0 {
		r, todo = todo[0], todo[1:]
		for _, q := range r.Required {
			if next := rs.byID[q.ID]; next != nil && !ids[q.ID] {
				ids[q.ID] = true
				todo = append(todo, next)
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// Changed is what blobs are to be searched with in which another ruleset found nothing: the rules with these ids, which that
// one did not have or had with other hashes. Where it finds nothing, this ruleset does not either. It is nil when there is
// nothing to be searched for. Its matches are not those of this ruleset.
func (rs *Ruleset) Changed(ids []string) *Ruleset {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return rs.byID[id] == nil || !rs.byID[id].findsContent() })
	if len(ids) == 0 {
		return nil
	}
	only := rs.Only(ids)
	if !slices.ContainsFunc(only.rules, (*Rule).isTextName) {
		return only
	}
	rules := slices.Clone(only.rules)
	for _, r := range rs.rules {
		if r.isName() && len(r.Keywords) > 0 && only.byID[r.ID] == nil {
			// Its keywords have a say in how assignments are read; it finds nothing.
			silent := *r
			silent.SkipReport, silent.In = true, []assignment.Context{assignment.Text}
			rules = append(rules, &silent)
		}
	}
	return newRuleset(rules, only.allowlists, nil)
}

// ReadsStructures reports whether a rule judges what readers of structured files read.
func (rs *Ruleset) ReadsStructures() bool {
	return slices.ContainsFunc(rs.rules, func(r *Rule) bool {
		return slices.ContainsFunc(r.In, func(in assignment.Context) bool { return in != assignment.Text })
	})
}
