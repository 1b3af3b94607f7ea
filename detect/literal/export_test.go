package literal

// AppendScalar is Append without vector code.
func (s *Set) AppendScalar(list []Occurrence, data []byte) []Occurrence {
	return s.append(list, data, &candidates{scalar: true})
}
