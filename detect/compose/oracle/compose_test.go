package oracle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"

	"rummage/detect/assignment"
	"rummage/detect/compose"
	"rummage/detect/interpolate"
)

// load reads a file by compose-go, without the files it names. Interpolation is left out, or done with no variable set.
func load(data []byte, interpolated bool) (p *types.Project, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	details := types.ConfigDetails{
		WorkingDir: "/nowhere", Environment: types.Mapping{}, ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: data}},
	}
	return loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SkipInterpolation = !interpolated
		o.SkipValidation, o.SkipNormalization, o.SkipConsistencyCheck, o.SkipExtends, o.SkipInclude = true, true, true, true, true
		o.SkipResolveEnvironment, o.SkipResolveLabels, o.SkipDefaultValues = true, true, true
		o.ResolvePaths = false
		o.Profiles = []string{"*"}
		o.SetProjectName("x", true)
	})
}

// loadModel reads a file by compose-go as a map, without types.
func loadModel(data []byte) (map[string]any, error) {
	details := types.ConfigDetails{Environment: types.Mapping{}, ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: data}}}
	return loader.LoadModelWithContext(context.Background(), details, func(o *loader.Options) {
		o.SkipInterpolation, o.SkipValidation, o.SkipNormalization, o.SkipConsistencyCheck = true, true, true, true
		o.SkipExtends, o.SkipInclude, o.SkipResolveEnvironment, o.SkipDefaultValues, o.ResolvePaths = true, true, true, true, false
		o.SetProjectName("x", true)
	})
}

// fromModel are the facts of the services of a model.
func fromModel(model map[string]any) facts {
	f := facts{}
	services, _ := model["services"].(map[string]any)
	for _, s := range services {
		service, _ := s.(map[string]any)
		f.variables(compose.Environment, service["environment"])
		f.variables(compose.Label, service["labels"])
		if image, ok := service["image"].(string); ok {
			f.add(compose.Image, "image", image)
		}
		if build, ok := service["build"].(map[string]any); ok {
			f.variables(compose.BuildArg, build["args"])
			f.variables(compose.Label, build["labels"])
		}
	}
	return f
}

// variables adds a map, or a list of NAME=value. Numbers and the like are left out: how they were written is lost.
func (f facts) variables(c assignment.Context, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if text, ok := value.(string); ok && text != "" {
				f.add(c, name, text)
			}
		}
	case []any:
		for _, item := range v {
			text, _ := item.(string)
			if name, value, ok := strings.Cut(text, "="); ok && value != "" {
				f.add(c, name, value)
			}
		}
	}
}

// facts are context, name and value of what a file says.
type facts map[string]bool

func (f facts) add(c assignment.Context, name, value string) {
	f[fmt.Sprintf("%s %s=%s", strings.TrimPrefix(string(c), "compose."), name, strings.ReplaceAll(value, "$$", "$"))] = true
}

func (f facts) mapping(c assignment.Context, m types.MappingWithEquals) {
	for name, value := range m {
		if value == nil {
			f.add(c, name, "(unset)")
		} else {
			f.add(c, name, *value)
		}
	}
}

func (f facts) labels(m types.Labels) {
	for name, value := range m {
		if value != "" {
			f.add(compose.Label, name, value)
		}
	}
}

// theirs are the facts that compose-go finds.
func theirs(p *types.Project) facts {
	f := facts{}
	services := map[string]types.ServiceConfig{}
	for name, s := range p.Services {
		services[name] = s
	}
	for name, s := range p.DisabledServices {
		services[name] = s
	}
	for _, s := range services {
		f.mapping(compose.Environment, s.Environment)
		f.labels(s.Labels)
		if s.Image != "" {
			f.add(compose.Image, "image", s.Image)
		}
		for _, e := range s.EnvFiles {
			f.add(compose.EnvFile, "", e.Path)
		}
		if s.Build != nil {
			f.mapping(compose.BuildArg, s.Build.Args)
			f.labels(s.Build.Labels)
			for _, c := range s.Build.CacheFrom {
				f.add(compose.CacheFrom, "cache_from", c)
			}
		}
		if s.Logging != nil {
			for name, value := range s.Logging.Options {
				f.add(compose.Logging, name, value)
			}
		}
	}
	for _, s := range p.Secrets {
		if s.File != "" {
			f.add(compose.Secret, "file", s.File)
		}
		if s.Environment != "" {
			f.add(compose.Secret, "environment", s.Environment)
		}
	}
	for _, c := range p.Configs {
		if c.File != "" {
			f.add(compose.Config, "file", c.File)
		}
		if c.Content != "" {
			f.add(compose.Config, "content", c.Content)
		}
	}
	for _, v := range p.Volumes {
		for name, value := range v.DriverOpts {
			f.add(compose.DriverOpts, name, value)
		}
	}
	return f
}

// ours are the facts of the contexts that theirs has.
func ours(data []byte, file *compose.File) facts {
	f := facts{}
	for _, e := range file.Assignments {
		name, value := string(e.Name.Of(data)), meant(data, e.Decoded, e.Value.Start, e.Value.End)
		switch e.Context {
		case compose.Tag:
			f.add(compose.Image, name, value)
		case compose.EnvFile:
			f.add(compose.EnvFile, "", value)
		case compose.Label:
			if value != "" {
				f.add(e.Context, name, value)
			}
		case compose.Environment, compose.BuildArg, compose.Secret, compose.Config, compose.DriverOpts, compose.Logging, compose.Image, compose.CacheFrom:
			if e.Unset {
				value = "(unset)"
			}
			f.add(e.Context, name, value)
		}
	}
	return f
}

// TestCompose: all that compose-go reads in these places is read by us too, with the same value.
func TestCompose(t *testing.T) {
	var read, refused, compared, missing, quoted, more, untyped int
	for _, c := range composeFiles(t) {
		got := ours(c.data, compose.Parse(c.data))
		var want facts
		if p, err := load(c.data, false); err == nil {
			want = theirs(p)
		} else if model, err := loadModel(c.data); err == nil {
			untyped++
			want = fromModel(model)
		} else {
			refused++
			t.Logf("%s: refused by compose-go: %v", c.name, err)
			continue
		}
		read++
		for fact := range want {
			switch {
			case got[fact]:
				compared++
			case explained(fact, got):
				quoted++
			default:
				missing++
				t.Errorf("%s: not found: %s", c.name, fact)
			}
		}
		for fact := range got {
			if !want[fact] {
				more++
				t.Logf("%s: not found by compose-go: %s", c.name, fact)
			}
		}
	}
	t.Logf("%d files (%d as a map: references where compose-go wants numbers), %d refused by compose-go", read, untyped, refused)
	t.Logf("%d facts equal, %d with quotation marks taken off, %d missing, %d that compose-go has not", compared, quoted, missing, more)
	if compared < 20 {
		t.Errorf("only %d facts were compared", compared)
	}
}

// explained says of a difference that it is one of ours on purpose: quotation marks within NAME="value" are taken off.
func explained(fact string, got facts) bool {
	head, value, _ := strings.Cut(fact, "=")
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[0] == value[n-1] {
		return got[head+"="+value[1:n-1]]
	}
	return false
}

// TestVariables: the defaults that compose-go finds in a file are those that we find.
func TestVariables(t *testing.T) {
	var read, compared int
	for _, c := range composeFiles(t) {
		model, err := loadModel(c.data)
		if err != nil {
			continue
		}
		read++
		found := map[string][]string{}
		for _, e := range compose.Parse(c.data).Assignments {
			if e.Context == compose.Default {
				name := string(e.Name.Of(c.data))
				found[name] = append(found[name], meant(c.data, e.Decoded, e.Value.Start, e.Value.End))
			}
		}
		for name, v := range template.ExtractVariables(model, template.DefaultPattern) {
			for _, value := range []string{v.DefaultValue, v.PresenceValue} {
				value = strings.ReplaceAll(value, "$$", "$")
				if form := interpolate.Scan([]byte(value), interpolate.Compose).Form; form != interpolate.Literal {
					continue // nothing, or a reference
				}
				compared++
				unquoted := value
				if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[0] == value[n-1] {
					unquoted = value[1 : n-1]
				}
				if !slices.Contains(found[name], value) && !slices.Contains(found[name], unquoted) {
					t.Errorf("%s: %s has the default %q, found %q", c.name, name, value, found[name])
				}
			}
		}
	}
	t.Logf("%d files; %d defaults equal", read, compared)
	if compared < 5 {
		t.Errorf("only %d defaults were compared", compared)
	}
}

// TestInterpolated: with no variable set, a key whose value is a reference with a literal default has that default.
func TestInterpolated(t *testing.T) {
	var read, compared int
	for _, c := range composeFiles(t) {
		p, err := load(c.data, true)
		if err != nil {
			continue
		}
		read++
		values := map[string][]string{}
		for _, s := range p.Services {
			for name, value := range s.Environment {
				if value != nil {
					values[name] = append(values[name], *value)
				}
			}
		}
		entries := compose.Parse(c.data).Assignments
		for i, e := range entries {
			if e.Context != compose.Environment || e.Form != interpolate.Reference || i+1 >= len(entries) {
				continue
			}
			text := meant(c.data, e.Decoded, e.Value.Start, e.Value.End)
			d := entries[i+1]
			if d.Context != compose.Default || d.Form != interpolate.Literal || !strings.Contains(text, "-") || strings.Contains(text, "+") || strings.Count(text, "${") != 1 {
				continue
			}
			name := string(e.Name.Of(c.data))
			want := meant(c.data, d.Decoded, d.Value.Start, d.Value.End)
			if len(values[name]) == 0 {
				continue // overridden by a merge, or of a service that is not enabled
			}
			compared++
			if !slices.Contains(values[name], want) && !slices.Contains(values[name], `"`+want+`"`) {
				t.Errorf("%s: %s is one of %q, not %q", c.name, name, values[name], want)
			}
		}
	}
	t.Logf("%d files; %d values equal", read, compared)
	if compared < 2 {
		t.Errorf("only %d values were compared", compared)
	}
}
