package hook

import "rummage/scan"

// Blocks reports whether the policy refuses a push that brings a finding to a ref.
func (p *Policy) Blocks(f *scan.Finding, ref string) bool { return p.action(f, []string{ref}) == Block }

// LogFile is the file of the log; empty when there is no log, or syslog has it.
func (p *Policy) LogFile() string {
	if _, is, _ := parseSyslog(p.Audit); is {
		return ""
	}
	return p.Audit
}

// Daemon reports whether events go to the syslog daemon, and what keeps that from taking them.
func (p *Policy) Daemon() (syslog bool, err error) {
	s, is, err := parseSyslog(p.Audit)
	if !is || err != nil {
		return is, err
	}
	conn, _, err := s.dial()
	if err != nil {
		return true, err
	}
	return true, conn.Close()
}
