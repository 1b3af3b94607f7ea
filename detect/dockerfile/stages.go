package dockerfile

// Finals says for each stage whether an image that can be built of the file has its layers: the stage is one that no
// other stage copies from or is built on, or one that such a stage is built on. The others are builder stages: their
// layers stay in caches and, with what they were given, in provenance.
func (f *File) Finals() []bool {
	used := make([]bool, len(f.Stages))
	for i := range f.Stages {
		if p := f.Stages[i].Parent; p >= 0 {
			used[p] = true
		}
		for j := f.Stages[i].First; j < f.Stages[i].End; j++ {
			f.eachFrom(&f.Instructions[j], i, func(stage int) { used[stage] = true })
		}
	}
	final := make([]bool, len(f.Stages))
	for i := len(f.Stages) - 1; i >= 0; i-- {
		if !used[i] || i == len(f.Stages)-1 {
			for j := i; j >= 0 && !final[j]; j = f.Stages[j].Parent {
				final[j] = true
			}
		}
	}
	return final
}

// eachFrom calls use for each earlier stage that an instruction takes files from.
func (f *File) eachFrom(in *Instruction, before int, use func(stage int)) {
	name := func(t Text) {
		s := t.String()
		stage := f.Stage(s)
		if stage < 0 {
			stage = number(s)
		}
		if stage >= 0 && stage < before {
			use(stage)
		}
	}
	for i := range in.Flags {
		switch fl := &in.Flags[i]; fl.Name {
		case "from":
			name(fl.Value)
		case "mount":
			if o, ok := fl.Option("from"); ok {
				name(o.Value)
			}
		}
	}
}

// number is a short decimal number, -1 for anything else.
func number(s string) int {
	if s == "" || len(s) > 4 {
		return -1
	}
	n := 0
	for i := range len(s) {
		if !digit(s[i]) {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}
