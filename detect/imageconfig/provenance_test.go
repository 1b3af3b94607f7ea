package imageconfig

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
)

var encoded = base64.StdEncoding.EncodeToString([]byte("FROM a\nARG T=t1\n"))

// statements are provenances with what is read of them, and the files in them.
var statements = []struct {
	name, text string
	want       []string
	files      []string
}{
	{"SLSA v0.2", `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2","predicate":{
		"invocation":{"parameters":{"frontend":"dockerfile.v0","args":{"build-arg:DB_PASSWORD":"hunter2","label:a.b":"v","context":"x","filename":"Dockerfile"}}},
		"buildConfig":{"llbDefinition":[{"id":"step1","op":{"Op":{"exec":{"meta":{"args":["/bin/sh","-c","PW=hunter3 make"],"env":["PATH=/bin","T=a\u003cb"],"cwd":"/"}}}}}]},
		"metadata":{"https://mobyproject.org/buildkit@v1#metadata":{"source":{"infos":[{"filename":"Dockerfile","language":"Dockerfile","data":"` + encoded + `"}]}}}}}`,
		[]string{"image.provenance DB_PASSWORD=hunter2", "image.provenance a.b=v", "image.provenance PATH=/bin", "image.provenance T=a<b", "image.provenance PW=hunter3"},
		[]string{"Dockerfile FROM a\nARG T=t1\n"}},
	{"SLSA v1", `{"predicateType":"https://slsa.dev/provenance/v1","predicate":{
		"buildDefinition":{"externalParameters":{"request":{"frontend":"gateway.v0","args":{"build-arg:A":"1"},"root":{"request":{"args":{"build-arg:A":"1"}}}}},
		"internalParameters":{"buildConfig":{"llbDefinition":[{"op":{"Op":{"exec":{"meta":{"env":["B=2"],"args":["make","--token","t1"]}}}}}]}}},
		"runDetails":{"metadata":{"buildkit_metadata":{"source":{"infos":[{"data":"` + encoded + `","filename":"a/Dockerfile"},{"filename":".dockerignore"},{"filename":"x","data":"?"}]}}}}}}`,
		[]string{"image.provenance A=1", "image.provenance A=1", "image.provenance B=2", "command.flag token=t1"},
		[]string{"a/Dockerfile FROM a\nARG T=t1\n"}},
	{"signed", `{"payloadType":"application/vnd.in-toto+json","payload":"` + base64.StdEncoding.EncodeToString([]byte(`{"args":{}}`)) + `","signatures":[]}`, nil, []string{StatementName + ` {"args":{}}`}},
	{"signed, another thing", `{"payload":"e30=","payloadType":"text/plain"}`, nil, nil},
	{"other shapes", `{"args":["build-arg:A=1"],"meta":[{"env":["A=1"]}],"infos":{"data":"e30="},"x":{"args":{"build-arg:":"v","build-arg:N":1,"y":{"args":{"build-arg:B":"2"}}}}}`, []string{"image.provenance B=2"}, nil},
	{"not all of it", `[{"args":{"build-arg:A":"1","build-arg:B":"2`, []string{"image.provenance A=1"}, nil},
	{"nothing", ``, nil, nil},
}

func TestProvenance(t *testing.T) {
	for _, c := range statements {
		list, _ := Provenance([]byte(c.text))
		if got := lines(t, []byte(c.text), list); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, c.want)
		}
		var files []string
		for _, f := range Embedded([]byte(c.text)) {
			files = append(files, fmt.Sprintf("%s %s", f.Name, f.Data))
		}
		if !slices.Equal(files, c.files) {
			t.Errorf("%s: files %q, want %q", c.name, files, c.files)
		}
	}
}
