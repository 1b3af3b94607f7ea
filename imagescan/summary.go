package imagescan

import "fmt"

// Summary is what was read of a target.
type Summary struct {
	// Target is its name, Names are those that places call its images.
	Target string
	Names  []string
	Layers int // of all its images, each once
	// Problem says why not all of it was read, in one line; empty: it was.
	Problem string
}

// trouble remembers the first thing that went wrong with a target or a layer.
func (s *Source) trouble(of any, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.troubles[of] == "" {
		s.troubles[of] = err.Error()
	}
}

// Summaries are those of the targets, in their order. It may be called after Search.
func (s *Source) Summaries() []Summary {
	var list []Summary
	for _, t := range s.targets {
		sum := Summary{Target: t.name, Problem: s.troubles[t.name]}
		layers := map[*layer]bool{}
		names := map[string]bool{}
		for _, img := range s.images {
			if img.target != t.name {
				continue
			}
			if !names[img.name] {
				names[img.name] = true
				sum.Names = append(sum.Names, img.name)
			}
			if why := s.troubles[img.name]; why != "" && sum.Problem == "" {
				sum.Problem = why
			}
			for i, l := range img.layers {
				layers[l] = true
				why := s.troubles[l]
				if why == "" && !l.ended {
					why = "not read to its end"
				}
				if why != "" && sum.Problem == "" {
					sum.Problem = fmt.Sprintf("layer %d: %s", i+1, why)
				}
			}
		}
		if len(names) == 0 && sum.Problem == "" { // the scan was stopped before
			sum.Problem = "not read"
		}
		sum.Layers = len(layers)
		list = append(list, sum)
	}
	return list
}
