package compose

import (
	"bytes"
	"fmt"
	"testing"

	"go.yaml.in/yaml/v3"

	"rummage/detect/assignment"
)

// TestUnmarshal compares with a plain reading of the same file: every variable that a program would see when it
// unmarshals the YAML is an assignment with that value, dollar signs doubled.
func TestUnmarshal(t *testing.T) {
	texts := []string{sample}
	for _, c := range forms {
		texts = append(texts, c.text)
	}
	compared := 0
	for _, text := range texts {
		var project struct {
			Services map[string]struct {
				Environment, Labels yaml.Node
				Build               struct{ Args, Labels yaml.Node }
				Image               string
			}
		}
		if err := yaml.Unmarshal([]byte(text), &project); err != nil {
			continue // build is text in some, and some are no YAML
		}
		data := []byte(text)
		found := map[string]bool{}
		for _, e := range Parse(data).Assignments {
			value := e.Decoded
			if value == nil || e.Value.Len() > 0 && bytes.IndexByte(e.Value.Of(data), '$') >= 0 {
				value = e.Value.Of(data)
			}
			found[fmt.Sprintf("%s %s=%s", e.Context, e.Name.Of(data), value)] = true
		}
		want := func(c assignment.Context, name, value string) {
			compared++
			if fact := fmt.Sprintf("%s %s=%s", c, name, value); !found[fact] {
				t.Errorf("not found: %s in\n%s", fact, text)
			}
		}
		for _, s := range project.Services {
			for c, n := range map[assignment.Context]*yaml.Node{Environment: &s.Environment, Label: &s.Labels, BuildArg: &s.Build.Args} {
				if n.Kind != yaml.MappingNode {
					continue
				}
				for i := 0; i+1 < len(n.Content); i += 2 {
					if k, v := n.Content[i], n.Content[i+1]; v.Kind == yaml.ScalarNode {
						want(c, k.Value, v.Value)
					}
				}
			}
			if s.Image != "" && s.Build.Args.Kind == 0 && s.Build.Labels.Kind == 0 {
				c := Image
				if !found[fmt.Sprintf("%s image=%s", c, s.Image)] {
					c = Tag
				}
				want(c, "image", s.Image)
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d values were compared", compared)
	}
}
