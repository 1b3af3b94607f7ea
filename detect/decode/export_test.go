package decode

// Looked is how many bytes of the last blob were looked at, if it had a base.
func (d *Decoder) Looked() (n int) {
	for _, p := range d.parts {
		n += int(p.end - p.start)
	}
	return n
}
