package dockerfile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rummage/detect/dockerfile"
)

// TestPracticesHostile: shapes that make a reader slow when it looks at everything twice.
func TestPracticesHostile(t *testing.T) {
	const n = 50_000
	numbered := func(head, form string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(form, "%p", fmt.Sprint(max(i-1, 0))), i)
		}
		return b.String()
	}
	shapes := map[string]string{
		"stages":           numbered("", "FROM a AS s%d\n"),
		"chain of stages":  numbered("FROM a AS s0\n", "FROM s%p AS s%[1]d\n"),
		"removals":         numbered("FROM a\n", "COPY .env d%d\n"[:0]+"COPY .env d%d\nRUN rm /x/y%[1]d\n"),
		"removals in RUN":  numbered("FROM a\n", "COPY .env d%d\n") + "RUN rm" + strings.Repeat(" /x/y", n) + "\n",
		"chained removals": numbered("FROM a AS s0\n", "FROM s%p AS s%[1]d\nCOPY .env .\nRUN rm .env\n"),
		"copy all":         strings.Repeat("COPY . .\n", 1<<20/9),
		"copy all words":   "FROM a\nCOPY" + strings.Repeat(" .", 1<<19) + "\n",
		"mounts":           numbered("FROM a\nRUN ", "--mount=type=secret,id=s%d ") + strings.Repeat("cat /run/secrets/s7 > k; ", n) + "\n",
		"mount runs":       numbered("FROM a\n", "RUN --mount=type=secret,id=s%d cat /run/secrets/s%[1]d > k\n"),
		"mount options":    "FROM a\nRUN --mount=type=secret" + strings.Repeat(",id=s", n) + " cat /run/secrets/s > k\n",
		"writes":           "FROM a\nRUN --mount=type=secret,id=s " + numbered("", "cat /run/secrets/s > k%d; rm k%[1]d; ") + "\n",
		"removes":          "FROM a\nRUN --mount=type=secret,id=s " + numbered("", "cat /run/secrets/s > k%d; ") + "rm" + strings.Repeat(" q", n) + "\n",
		"variables":        "FROM a\nRUN --mount=type=secret,id=s " + numbered("T=$(cat /run/secrets/s); ", "A%d=$T; ") + strings.Repeat("envsubst > k; ", n) + "\n",
		"substitutions":    "FROM a\nRUN --mount=type=secret,id=s echo " + strings.Repeat("$(", 1<<18) + "\n",
		"quoted shells":    "FROM a\nRUN --mount=type=secret,id=s " + strings.Repeat("sh -c ", 1<<17) + "\n",
		"shell words":      "FROM a\nRUN --mount=type=secret,id=s " + strings.Repeat("sh -c 'sh -c \"echo $(cat x)\"';", 1<<14) + "\n",
		"heredoc":          "FROM a\nRUN --mount=type=secret,id=s cat <<EOF > k\n" + strings.Repeat("$(`$(", 1<<17) + "\nEOF\n",
		"heredocs inside":  "FROM a\nRUN --mount=type=secret,id=s sh <<EOF\n" + strings.Repeat("cat <<X > k\n$(echo $(\nX\n", 1<<14) + "EOF\n",
		"traps":            "FROM a\nRUN --mount=type=secret,id=s " + strings.Repeat("trap 'rm a' EXIT; cat /run/secrets/s > k;", 1<<14) + "\n",
		"env of args":      numbered("FROM a\nARG a0\n", "ENV a%d=$a%p$a%p\n"),
		"sources":          numbered("FROM a AS s\nFROM b\n", "COPY --from=s /a%d /b\n"),
	}
	for name, text := range shapes {
		start := time.Now()
		list := dockerfile.Practices(dockerfile.Parse([]byte(text)))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %d bytes took %v, %d found", name, len(text), took, len(list))
		} else {
			t.Logf("%s: %d bytes took %v, %d found", name, len(text), took, len(list))
		}
	}
}
