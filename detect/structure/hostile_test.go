package structure_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rummage/detect/structure"
)

// numbered is form for each number below n.
func numbered(n int, form string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(form, "%d", fmt.Sprint(i)))
	}
	return b.String()
}

// TestHostile: time in proportion to the text, whatever the text. Each shape is read at half its size and at all of
// it; what grows with the square takes four times as long.
func TestHostile(t *testing.T) {
	aliases := func(n int) string {
		var b strings.Builder
		b.WriteString("x-0: &a0 {environment: {P: hunter2}}\n")
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, "x-%d: &a%d {a: *a%d, b: *a%d, <<: [*a%d, *a%d]}\n", i, i, i-1, i-1, i-1, i-1)
		}
		return b.String() + "services:\n  a:\n    <<: *a" + fmt.Sprint(n-1) + "\n"
	}
	for name, shape := range map[string]struct {
		kind structure.Kind
		text func(n int) string
	}{
		"stages":       {structure.Dockerfile, func(n int) string { return numbered(n, "FROM a AS s%d\nENV P=x\n") }},
		"suppressions": {structure.Dockerfile, func(n int) string { return "FROM a\n" + numbered(n, "# rummage:allow x\nENV P%d=x\n") }},
		"suppressions of one": {structure.Dockerfile, func(n int) string {
			return "FROM a\n" + strings.Repeat("# rummage:allow x\n", n) + "ENV" + numbered(n, " P%d=x") + "\n"
		}},
		"global ignores": {structure.Dockerfile, func(n int) string { return strings.Repeat("# hadolint global ignore=DL3064\n", n) + "FROM a\n" }},
		"contexts":       {structure.Dockerfile, func(n int) string { return strings.Repeat("COPY . .\n", n) }},
		"from lines":     {structure.None, func(n int) string { return strings.Repeat("FROM a b c d e f\n", n) }},
		"aliases":        {structure.Compose, func(n int) string { return aliases(n / 40) }},
		"nested aliases": {structure.Compose, func(n int) string { return "a: &a " + strings.Repeat("[", n/8) + "\nb: *a\nservices: *a\n" }},
		"env files":      {structure.Compose, func(n int) string { return "services:\n  a:\n    env_file:\n" + numbered(n, "      - e%d.env\n") }},
		"services": {structure.Compose, func(n int) string {
			return "services:\n" + numbered(n/4, "  a%d:\n    environment: {P: hunter2}\n    env_file: e.env\n")
		}},
		"inline": {structure.Compose, func(n int) string {
			return "services:\n" + numbered(n/8, "  a%d:\n    build:\n      dockerfile_inline: |\n        FROM a\n        COPY . .\n")
		}},
		"documents": {structure.Compose, func(n int) string { return strings.Repeat("---\nservices:\n  a:\n    image: x\n", n/4) }},
		"damage":    {structure.Compose, func(n int) string { return strings.Repeat("services: [\n}\n\t- x: {\n", n) }},
		"interpolation": {structure.Compose, func(n int) string {
			return "services:\n  a:\n    environment:\n      P: " + strings.Repeat("${A:-", n) + "\n"
		}},
		"dotenv":        {structure.Dotenv, func(n int) string { return numbered(n, "P%d=\"${P%d}x\n") }},
		"dotenv quotes": {structure.Dotenv, func(n int) string { return strings.Repeat("P='\n", n) + strings.Repeat("Q=\"\n", n) }},
		"envrc":         {structure.Envrc, func(n int) string { return strings.Repeat("export A=$(", n) }},
		"github": {structure.GitHub, func(n int) string {
			return "jobs:\n  a:\n    steps:\n" + numbered(n/4, "      - run: docker build --build-arg T%d=x .\n")
		}},
		"provenance": {structure.GitHub, func(n int) string {
			return "jobs:\n  a:\n    steps:\n" + numbered(n/8, "      - uses: docker/build-push-action@v6\n        with:\n          provenance: mode=max\n          build-args: |\n            T%d=x\n")
		}},
		"bake":         {structure.Bake, func(n int) string { return numbered(n/4, "target \"t%d\" {\n args = { A = \"${B}\" }\n}\n") }},
		"bake nested":  {structure.Bake, func(n int) string { return strings.Repeat("a {", n) }},
		"devcontainer": {structure.Devcontainer, func(n int) string { return strings.Repeat("{\"a\":[", n) }},
		"kubernetes": {structure.Kubernetes, func(n int) string {
			return strings.Repeat("---\napiVersion: v1\nkind: Secret\ndata:\n  p: aHVudGVyMg==\n", n/5)
		}},
		"image, variables": {structure.ImageConfig, func(n int) string { return `{"config":{"Env":["` + numbered(n, `P%d=x","`) }},
		"image, nesting":   {structure.ImageConfig, func(n int) string { return `{"config":` + strings.Repeat(`{"Env":[`, n) }},
		"image, escapes":   {structure.ImageConfig, func(n int) string { return `{"config":{"Env":["A=` + strings.Repeat(`\u003c`, n) + `"]}}` }},
		"image, entries": {structure.ImageConfig, func(n int) string {
			return `{"history":[` + strings.Repeat(`{"created_by":"RUN |1 A=x /bin/sh -c y"},`, n/4)
		}},
		"image, arguments": {structure.ImageConfig, func(n int) string { return `{"history":[{"created_by":"RUN |9999 ` + numbered(n, `A%d=x `) + `"}]}` }},
		"image, shells": {structure.ImageConfig, func(n int) string {
			return `{"history":[{"created_by":"RUN |9999 A=x ` + strings.Repeat(`sh -e -e `, n) + `"}]}`
		}},
		"image, long words": {structure.ImageConfig, func(n int) string {
			return `{"history":[{"created_by":"|1 A=x ` + strings.Repeat("sh -"+strings.Repeat("e", 100)+" ", n/20) + `"}]}`
		}},
		"image, marks":   {structure.ImageConfig, func(n int) string { return `{"history":[{"created_by":"ENV ` + strings.Repeat(`A='x `, n) + `"}]}` }},
		"image, names":   {structure.ImageConfig, func(n int) string { return `{"history":[{"created_by":"ARG A=x ` + strings.Repeat(`B `, n) + `"}]}` }},
		"image, words":   {structure.ImageConfig, func(n int) string { return `{"history":[{"created_by":"CMD [` + strings.Repeat(`\"a\" `, n) + `"}]}` }},
		"image, onbuild": {structure.ImageConfig, func(n int) string { return `{"config":{"OnBuild":["` + strings.Repeat(`ENV A=x\n`, n) + `"]}}` }},
		"statement": {structure.Provenance, func(n int) string {
			return numbered(n/4, `{"args":{"build-arg:A%d":"x"},"meta":{"env":["A=x"],"args":["a"]},"x":[`)
		}},
		"helm": {structure.Helm, func(n int) string { return strings.Repeat("a:\n  b: {{ .x }}\n", n) }},
	} {
		read := func(n int) (time.Duration, int) {
			data := []byte(shape.text(n))
			start := time.Now()
			structure.Sniff(data)
			shape.kind.Read(data)
			return time.Since(start), len(data)
		}
		const n = 40_000
		half, _ := read(n / 2)
		all, size := read(n)
		for range 5 {
			if all <= 300*time.Millisecond {
				break
			}
			again, _ := read(n) // another process may have had the processor meanwhile
			least, _ := read(n / 2)
			all, half = min(all, again), min(half, least)
		}
		t.Logf("%-20s %8d bytes %v, half of it %v", name, size, all, half)
		if all > 3*time.Second || all > 300*time.Millisecond && all > 4*half {
			t.Errorf("%s: %d bytes took %v, half of it %v", name, size, all, half)
		}
	}
}
