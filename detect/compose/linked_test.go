package compose

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Pieces that files with anchors before their services are made of: more that stands there, what services hold, services, and
// what stands behind them.
var heads = []string{
	"x-a: &a\n  A: b\n", "x-a: &a\n  <<: *b\n  C: d\n", "x-b: &b\n  image: im\n  environment: &e\n    K: v$$w\n    <<: *a\n", "x-c: &c [*a, *b]\n",
	"x-l: &a |+\n  text\n\n\n", "x-s: &s scalar\n", "x-s: &s \"q\\x41$$\"\n", "x-n: &n\n", "volumes:\n  v: &vol {driver_opts: {o: \"password=x,user=y\"}}\n",
	"secrets: &sec\n  one: {file: a.txt}\n", "version: &s '3'\n", "# A=b\n", "# X_Y: z\r\n", "x-a: &b {build: {context: ., args: &args {P: q}}}\n",
	"jobs:\n  j: &b\n    image: u\n    env_file: [&f a.env, b.env]\n", "---\n", "--- # c\n", "x-m: &m\n  k1: *a\n  k2: [*s, *s]\n", "x-self: &self {a: 1, b: {c: d}}\n",
	"networks:\n  default:\n    x-n: &n {a: b}\n", "\n", "  # indented A=b\n", "x-d: &a {<<: {build: ., z: y}}\n", "x-e: &e\n- A=b\n- C=${D:-e}\n",
	"\xef\xbb\xbf", "include:\n- &f inc.yml\n", "x-crlf: &a\r\n  B: c\r\n", "x-q: &q >-\n  fold\n  ed\n", "services: &z\n", "x-u: &u caf\u00e9\n", "\"x-y\": &a {k: v}\n", "'services':\n  w: &b {image: z}\n",
	"configs:\n  c: &c2\n    content: &s \"a$$b=c\"\n",
}

var bodies = []string{
	"    <<: *a\n", "    <<: *b\n", "    <<: [*a, *b]\n", "    <<: *c\n", "    environment: *e\n", "    environment:\n      <<: *e\n      X: y\n",
	"    image: *s\n", "    command: *s\n", "    command: [*s, \"--password\", *s]\n", "    image: x\n", "    build: .\n", "    build:\n      context: .\n      args: *args\n",
	"    env_file: *f\n", "    env_file:\n    - *f\n    - path: *s\n      required: false\n", "    # A=b\n", "# C=d\n", "  # E: f\n", "\n", "    x-z: *a\n", "    labels: *e\n",
	"    command: |\n      redis --requirepass p\n", "    command: >+\n      a\n\n", "    volumes:\n    - *vol\n", "    extends: *a\n", "    secrets: *sec\n", "    environment:\n    - *s\n    - P=q\n",
	"    healthcheck: *n\n", "    healthcheck:\n      test: *q\n", "    ? x\n", "    deploy: {labels: *e}\n", "    <<: *self\n", "    pre_start: *c\n", "    environment: {A: *u}\n",
	"    build:\n      dockerfile_inline: |\n        FROM x\n        ENV A=$$B\n", "    build:\n      dockerfile_inline: *q\n", "    post_start:\n    - command: [a, *s]\n      environment: *e\n",
	"    image: \"a\n", "    b\"\n", "    image: [x,\n", "  y: z]\n", "  .k: v\n", "    &x y: z\n", "    *s : k\n", "    a: &new b\n", "    configs: *c2\n", "    entrypoint: \"*s\"\n", "   odd: x\n", "    image: x\r\n",
	"    credential_spec: {file: *s}\n", "    \"<<\": *a\n", "    logging: {options: *e}\n",
}

var members = []string{"  a:\n", "  b:\n", "  c:\n", "  x-s:\n", "  \"q\":\n", "  d: *a\n", "  e: {<<: *a, image: y}\n", "  f: *b\n", "  x-t: *e\n", "  g: *s\n", "  h: 'x'\n", "  <<: *a\n", "  a: # A=b\n", "  i: {\n", "  j: c}\n", "  k: \"x\n", "  m: [*b, *a]\n"}

var ends = []string{"volumes:\n  v:\n", "x-after:\n  K: v\n", "x-after: *a\n", "networks: *n\n", "# Z=y\n", "secrets:\n  s: {file: z}\n", "services:\n  zz: {image: q}\n", "---\na: b\n", "...\n", "x-k: &late v\n", "jobs:\n  j: {image: k}\n", "<<: *a\n", "include: i.yml\n"}

// commons are the heads that most files begin with.
var commons = []string{"x-a: &a\n  A: b\n", "x-u: &u caf\u00e9\n", "x-s: &s \"q\\x41$$\"\n", "x-e: &e\n  K: v$$w\n  X: ${Y:-z}\n  <<: *a\n", "x-b: &b\n  image: im\n  environment: *e\n", "x-c: &c [*a, *b]\n", "x-n: &n {a: b}\n", "x-q: &q >-\n  fold\n  ed\n", "secrets: &sec\n  one: {file: a.txt}\n", "x-f: &f a.env\n", "x-args: &args {P: q}\n", "x-self: &self {a: 1, build: {context: ., args: *args}}\n", "x-v: &vol {driver_opts: {o: \"password=x,user=y\"}}\n", "x-c2: &c2\n  content: &s2 \"a$$b=c\"\n"}

// TestReaderLinked reads versions of files that are put together of pieces in which anchors, aliases and merges meet
// everything else.
func TestReaderLinked(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 9))
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	linked, total := 0, 0
	for range 400 {
		var r Reader
		prefix := append([]string(nil), commons...)
		for range rnd.IntN(3) {
			prefix = append(prefix, pick(heads))
		}
		pool := make([]string, 8)
		for i := range pool {
			for tries := 0; tries == 0 || tries < 40 && len(Parse([]byte(strings.Join(commons, "")+"services:\n"+pool[i])).Problems) > 0; tries++ {
				pool[i] = pick(members)
				for range rnd.IntN(4) {
					pool[i] += pick(bodies)
				}
			}
		}
		for range 12 {
			if rnd.IntN(6) == 0 {
				prefix = append(prefix, pick(heads))
			}
			text := strings.Join(prefix, "") + pick([]string{"services:\n", "services:\n", "services: # A=b\n  # C=d\n", "services:\r\n", "services:\n# X=y\n\n", "services: \n"})
			for range 1 + rnd.IntN(4) {
				text += pick(pool)
			}
			for range rnd.IntN(3) {
				text += pick(ends)
			}
			if rnd.IntN(8) == 0 {
				text = strings.TrimSuffix(text, "\n")
			}
			if rnd.IntN(10) == 0 {
				text = strings.ReplaceAll(text, "\n", "\r\n")
			}
			total++
			linked += readAll(t, &r, text)
		}
	}
	if linked < total/10 {
		t.Errorf("of %d versions %d were read by blocks", total, linked)
	}
}
