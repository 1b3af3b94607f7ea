package hook

import "rummage/scan"

// Blocks reports whether the policy refuses a push that brings a finding to a ref.
func (p *Policy) Blocks(f *scan.Finding, ref string) bool { return p.action(f, []string{ref}) == Block }
