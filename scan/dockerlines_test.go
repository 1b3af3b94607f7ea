package scan

import (
	"slices"
	"strings"
	"testing"
)

func TestInstructionsOfLayers(t *testing.T) {
	var x Instructions
	x.add("Dockerfile", dockerLines([]byte("FROM a\nENV X=1\nRUN --mount=type=secret,id=x   npm ci && \\\n    npm test\nCOPY --chown=1 .env  /app/\nCOPY a b /etc/conf/\n")))
	x.add("other/Dockerfile", dockerLines([]byte("FROM a\n\n\nCOPY .env /app/\n")))
	for instruction, want := range map[string][]string{
		"RUN npm ci && npm test":               {"Dockerfile:3"},
		"COPY .env /app/":                      {"Dockerfile:5", "other/Dockerfile:4"},
		"COPY --chown=1 .env /app/":            {"Dockerfile:5", "other/Dockerfile:4"},
		"COPY file:1234abcd in /app/":          {"Dockerfile:5", "other/Dockerfile:4"},
		"COPY multi:1234abcd in /etc/conf":     {"Dockerfile:6"},
		"COPY .env /app":                       nil,
		"RUN npm ci":                           nil,
		"":                                     nil,
		"ENV X=1":                              nil,
		"COPY in":                              nil,
		"RUN " + strings.Repeat("x ", 1000):    nil,
		"COPY file:1234abcd in /somewhere/els": nil,
	} {
		if got := x.of(instruction); !slices.Equal(got, want) {
			t.Errorf("%q is at %q, want %q", instruction, got, want)
		}
	}
	res := &Result{Findings: []Finding{{Remedy: "Change it.", Places: []Place{
		{Path: "a"},
		{Path: "/app/.env", Image: &InImage{Layer: 2, Instruction: "COPY .env /app/"}},
		{Path: "/b", Image: &InImage{Layer: 1, Instruction: "RUN unknown"}},
	}}, {Remedy: "Other.", Places: []Place{{Path: "<config>", Image: &InImage{Instruction: "COPY .env /app/"}}}}}}
	x.Point(res)
	f := res.Findings[0]
	if f.Remedy != "Change it." || f.Places[0].Remedy != "" || f.Places[2].Remedy != "" ||
		f.Places[1].Remedy != "Change it.\nThe layer was made by:\n  Dockerfile:5\n  other/Dockerfile:4" {
		t.Errorf("%q %q", f.Remedy, []string{f.Places[0].Remedy, f.Places[1].Remedy, f.Places[2].Remedy})
	}
	if g := res.Findings[1]; g.Remedy != "Other." || g.Places[0].Remedy != "" {
		t.Errorf("%+v", g)
	}
}
