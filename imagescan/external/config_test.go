package external

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadConfig(t *testing.T) {
	list, err := ReadConfig("scanners.toml", []byte(`# ours
[[scanner]]
name = "mine"
format = "sarif"
argv = ["/opt/mine", "scan", "--platform={platform}", "--cache={empty}", "--", "{image}"]
argv_input = ["/opt/mine", "scan", "--input={input}"]
timeout = "90s"
memory_mib = 512
sha256 = "`+strings.Repeat("aB", 32)+`"
exit_findings = [3, 4]
env = ["DOCKER_CONFIG"]

[[scanner]]
name = "trivy"
program = "/opt/trivy"
sha256 = "`+strings.Repeat("0", 64)+`"

[[scanner]]
name = "other"
format = "gitleaks"
argv = ["other", "{image}"]
`))
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	s := list[0]
	if s.Name != "mine" || s.Format != FormatSARIF || len(s.Argv) != 6 || len(s.ArgvInput) != 3 || s.Timeout != 90*time.Second || s.Memory != 512<<20 ||
		!strings.HasPrefix(s.SHA256, "aBaB") || !slices.Equal(s.findingsExit(), []int{3, 4}) || !slices.Equal(s.PassEnv, []string{"DOCKER_CONFIG"}) {
		t.Errorf("%+v", s)
	}
	trivy, ok := Named("trivy", list)
	if !ok || trivy.Argv[0] != "/opt/trivy" || trivy.ArgvInput[0] != "/opt/trivy" || trivy.SHA256 == "" || trivy.refuse == nil || trivy.prepare == nil {
		t.Errorf("%+v", trivy)
	}
	if Trivy().Argv[0] != "trivy" || !slices.Equal(list[2].findingsExit(), []int{1}) {
		t.Error("one scanner's settings are another's")
	}
	if _, ok := Named("trufflehog", list); !ok {
		t.Error("no trufflehog")
	}
	if _, ok := Named("none", list); ok {
		t.Error("a scanner of no name that was given")
	}
}

func TestConfigMistakes(t *testing.T) {
	good := "[[scanner]]\nname = \"mine\"\nformat = \"sarif\"\nargv = [\"mine\", \"{image}\"]\n"
	for _, c := range []struct {
		text string
		line int
		why  string
	}{
		{good + "timeot = \"5m\"\n", 5, `unknown key "timeot"`},
		{good + "\n[extra]\nx = 1\n", 6, `unknown key "extra"`},
		{"# c\nscaner = 1\n", 2, `unknown key "scaner"`},
		{good + good, 6, `name: there is another scanner "mine"`},
		{good + "name = \"x\"\n", 5, ""},
		{good + "timeout = 5\n", 5, "timeout: incompatible types: TOML value has type int64; destination has type string"},
		{good + "timeout = \"soon\"\n", 5, `timeout: want a time such as "5m"`},
		{good + "timeout = \"-5m\"\n", 5, `timeout: want a time such as "5m"`},
		{good + "sha256 = \"abc\"\n", 5, "sha256: want 64 hexadecimal digits"},
		{good + "exit_findings = [0]\n", 5, "exit_findings: want numbers from 1 to 255"},
		{good + "env = [\"A=b\"]\n", 5, "env: want names of variables, without values"},
		{good + "memory_mib = -1\n", 5, "memory_mib: want a number of MiB"},
		{good + "program = \"/x\"\n", 5, "program: only for trivy and trufflehog; argv begins with the program"},
		{good + "argv_input = [\"mine\", \"x\"]\n", 5, "argv_input: no argument has {input}"},
		{"[[scanner]]\nname = \"Mine\"\n", 2, "name: want small letters, digits, - and _, 32 at most"},
		{"[[scanner]]\nname = \"builtin\"\n", 2, "name: builtin is this program"},
		{"[[scanner]]\nname = \"a\"\nformat = \"x\"\n", 3, "format: want trivy, sarif, gitleaks, rummage or trufflehog"},
		{"[[scanner]]\nname = \"a\"\nformat = \"sarif\"\n", 1, "argv: there is no command"},
		{"[[scanner]]\nname = \"trivy\"\nargv = [\"a\", \"{image}\"]\n", 3, "argv: trivy has its own"},
		{"[[scanner]]\nname = \"trivy\"\nprogram = \"./trivy\"\n", 3, "program: want the name or absolute path of a program"},
		{"[[scanner]]\nname = \"a\"\nformat = \"sarif\"\nargv = [\"./a\", \"{image}\"]\n", 4, "argv: want the name or absolute path of a program, and arguments"},
		{"[[scanner]]\nname = \"a\"\nformat = \"sarif\"\nargv = [\"{image}\", \"{image}\"]\n", 4, "argv: want the name or absolute path of a program, and arguments"},
		{"[[scanner]]\nname = \"a\"\nformat = \"sarif\"\nargv = [\"a\", \"{input}\"]\n", 4, "argv: unknown placeholder {input}"},
		{"[[scanner]]\nname = \"a\"\nformat = \"sarif\"\nargv = [\"a\", \"{platform}\", \"{image}\"]\n", 4,
			"argv: write --flag={platform} as one argument, which is left out where no platform is asked for"},
		{"[[scanner]\n", 2, ""},
		{"\n\nx = \n", 3, ""},
	} {
		list, err := ReadConfig("s.toml", []byte(c.text))
		var e *ConfigError
		if !errors.As(err, &e) || e.Line != c.line || c.why != "" && e.Reason != c.why || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "s.toml:") || list != nil {
			t.Errorf("%s\n%v, want line %d: %s", c.text, err, c.line, c.why)
		}
	}
	if _, err := ReadConfig("s.toml", make([]byte, maxConfig+1)); err == nil {
		t.Error("a huge file was read")
	}
	if list, err := ReadConfig("s.toml", nil); err != nil || len(list) != 0 {
		t.Errorf("an empty file: %v", err)
	}
}
