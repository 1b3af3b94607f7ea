package advice

import (
	"strings"
	"testing"
)

func TestInLayer(t *testing.T) {
	for _, c := range []struct{ path, instruction, want string }{
		{"/app/.env", "COPY .env /app/.env", "**/.env"},
		{"/app/.env", "COPY .env /app/.env", "RUN --mount=type=secret,id=env,target=/app/.env COMMAND"},
		{"/a b/x[1].key", "ADD . /", `**/x\[1].key`},
		{"/a b/x[1].key", "ADD . /", "target='/a b/x[1].key'"},
		{"/root/.npmrc", "RUN npm config set x", "RUN --mount=type=secret,id=npmrc COMMAND"},
		{"/app/lib.jar!/a/conf.xml", "COPY lib.jar /app/", "**/lib.jar"},
		{"/etc/x", "", "Leave the file out of the build (.dockerignore)"},
		{"/etc/x", "CMD [\"sh\"]", "Leave the file out of the build (.dockerignore)"},
	} {
		got := InLayer(c.path, c.instruction)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s, %s: %q does not say %q", c.path, c.instruction, got, c.want)
		}
		if !strings.HasSuffix(got, rebuilt) || strings.Contains(got, "git rm") {
			t.Errorf("%s: %q", c.path, got)
		}
	}
}
