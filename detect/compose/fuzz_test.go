package compose

import (
	"fmt"
	"strings"
	"testing"
)

// bombs are files that take a reader long, or much memory, that follows every alias.
func bombs(size int) map[string]string {
	var laughs, chain, wide, scripts strings.Builder
	laughs.WriteString("a0: &a0 [x, x]\n")
	chain.WriteString("x-0: &a0 {k: v}\n")
	wide.WriteString("x-e: &e\n")
	scripts.WriteString("x-c: &c \"" + strings.Repeat("--flag value ", size/30) + "\"\nservices:\n")
	for i := 1; laughs.Len() < size; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [*a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1)
	}
	fmt.Fprintf(&laughs, "services: {s: {environment: *a%d}}\n", strings.Count(laughs.String(), "\n")-1)
	n := 0
	for chain.Len() < size {
		n++
		fmt.Fprintf(&chain, "x-%d: &a%d {<<: *a%d, k: *a%d}\n", n, n, n-1, n-1)
	}
	fmt.Fprintf(&chain, "services: {s: *a%d, t: {environment: {<<: *a%d}}}\n", n, n)
	for i := 0; wide.Len() < size/2; i++ {
		fmt.Fprintf(&wide, "  K%d: &v%d value\n", i, i)
	}
	wide.WriteString("services:\n")
	for i := 0; wide.Len() < size; i++ {
		fmt.Fprintf(&wide, "  s%d: {environment: {<<: *e, A: *v0}, labels: *e}\n", i)
	}
	for i := 0; scripts.Len() < size; i++ {
		fmt.Fprintf(&scripts, "  s%d: {command: *c, environment: {A: *c}}\n", i)
	}
	line := func(head, unit, tail string) string { return head + strings.Repeat(unit, size/len(unit)) + tail }
	return map[string]string{
		"laughs": laughs.String(), "chain": chain.String(), "wide": wide.String(), "scripts": scripts.String(),
		"long value":  line("services: {s: {environment: {A: \"", "x ", "\"}}}\n"),
		"references":  line("services: {s: {environment: {A: \"", "${A:-", "\"}}}\n"),
		"defaults":    line("services: {s: {environment: {A: \"", "${A:-x}", "\"}}}\n"),
		"commands":    line("services: {s: {command: \"", "$(x ", "\"}}\n"),
		"quotes":      line("services: {s: {command: \"", "' x ", "\"}}\n"),
		"flags":       line("services:\n  s:\n    command:\n", "    - --flag\n", ""),
		"options":     line("volumes: {v: {driver_opts: {o: \"", "a=b,", "\"}}}\n"),
		"comments":    line("", "# AA=\n", ""),
		"comment":     line("", "#", "\n"),
		"deep":        line("services: ", "[", ""),
		"deep flow":   line("a: ", "{a: ", strings.Repeat("}", size/4)),
		"environment": line("services:\n  s:\n    environment:\n", "      - A=b\n", ""),
		"services":    line("", "services:\n", ""),
	}
}

// TestBombs: a megabyte of each is read, and gives no more than it holds.
func TestBombs(t *testing.T) {
	for name, text := range bombs(1 << 18) {
		t.Run(name, func(t *testing.T) {
			data := []byte(text)
			f := Parse(data)
			check(t, data, f)
			if n := len(f.Assignments); n > 3*len(data) {
				t.Errorf("%d assignments from %d bytes", n, len(data))
			}
			LooksLikeCompose(data)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range forms {
		f.Add([]byte(c.text))
	}
	for _, text := range bombs(1 << 9) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := Parse(data)
		check(t, data, file)
		LooksLikeCompose(data)
	})
}
