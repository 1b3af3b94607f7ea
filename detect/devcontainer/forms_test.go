package devcontainer

// forms are files with the entries that are read.
var forms = []struct {
	name, text string
	want       []string
}{
	{"environment", `{"containerEnv": {"TOKEN": "hunter2", "B": 12, "C": null, "D": "", "E": "pa$$w$ord", "F": "a\"b\\c"}, "remoteEnv": {"PATH": "${containerEnv:PATH}:/x"}}`, []string{
		"env TOKEN=hunter2 q", "env B=12", "env C=null !", "env D= q", "env E=pa$$w$ord q", "env F=a\"b\\c q",
		"env PATH=${containerEnv:PATH}:/x ~ q"}},
	{"references", `{"containerEnv": {"A": "${localEnv:TOKEN}", "B": "${localEnv:TOKEN:hunter2}", "C": "x-${localEnv:Y:z}", "D": "${localWorkspaceFolder}"}}`, []string{
		"env A=${localEnv:TOKEN} ? q", "env B=${localEnv:TOKEN:hunter2} ? q", "default TOKEN=hunter2", "default B=hunter2",
		"env C=x-${localEnv:Y:z} ~ q", "default Y=z", "env D=${localWorkspaceFolder} ? q"}},
	{"build", `{"build": {"dockerfile": "Dockerfile", "context": "..", "args": {"TOKEN": "hunter2", "V": "${localEnv:V}"}, "cacheFrom": ["r/i"], "options": ["--build-arg", "A=b", "--build-arg=C=d", "--secret", "id=x,src=.env", "--network=host"]}}`, []string{
		"file dockerfile=Dockerfile q", "value context=.. q", "build-arg TOKEN=hunter2 q", "build-arg V=${localEnv:V} ? q",
		"image cacheFrom=r/i q", "build-arg options=--build-arg q", "build-arg A=b q", "build-arg C=d q",
		"build-arg options=--secret q", "build-arg secret=id=x,src=.env q", "build-arg id=x", "build-arg src=.env",
		"build-arg network=host q"}},
	{"files", `{"dockerFile": "D", "image": "i:1", "dockerComposeFile": ["a.yml", "b.yml"], "service": "app"}`, []string{
		"file dockerFile=D q", "image image=i:1 q", "file dockerComposeFile=a.yml q", "file dockerComposeFile=b.yml q",
		"value service=app q"}},
	{"run arguments", `{"runArgs": ["-e", "TOKEN=hunter2", "--env", "B=${localEnv:B:c}", "--env=D=e", "-eF=g", "-e", "ONLY", "--env-file", ".env", "--env-file=b.env", "--network", "host", "--name=n", "--init", "--rm", "-v", "a:b", "x", "-l", "k=v"]}`, []string{
		"run-arg runArgs=-e q", "run-arg TOKEN=hunter2 q", "run-arg runArgs=--env q", "run-arg B=${localEnv:B:c} ? q", "default B=c",
		"run-arg D=e q", "run-arg F=g q", "run-arg runArgs=-e q", "run-arg ONLY= !", "run-arg runArgs=--env-file q",
		"file env-file=.env q", "file env-file=b.env q", "run-arg runArgs=--network q", "run-arg network=host q", "run-arg name=n q",
		"run-arg runArgs=--init q", "run-arg runArgs=--rm q", "run-arg runArgs=-v q", "run-arg v=a:b q", "run-arg runArgs=x q",
		"run-arg runArgs=-l q", "run-arg k=v q"}},
	{"run arguments, others", `{"runArgs": "--env A=b", "x": {"runArgs": ["-e", "C=d"]}}`, []string{
		"run-arg runArgs=--env A=b q", "run-arg env=A=b", "value runArgs=-e q", "value runArgs=C=d q"}},
	{"commands", `{"postCreateCommand": "npm config set --token hunter2 && PGPASSWORD=pw psql", "onCreateCommand": ["x", "--key", "k1", "sh -c 'y --pass p1'"], "initializeCommand": {"a": "x --token t1", "b": ["y", "--token=t2"]}, "postStartCommand": "x --u $U --v ${localEnv:V:w}"}`, []string{
		"command postCreateCommand=npm config set --token hunter2 && PGPASSWORD=pw psql q", "command.flag token=hunter2",
		"command PGPASSWORD=pw", "command onCreateCommand=x q", "command onCreateCommand=--key q", "command onCreateCommand=k1 q",
		"command onCreateCommand=sh -c 'y --pass p1' q", "command.flag pass=p1", "command key=k1", "command a=x --token t1 q", "command.flag token=t1",
		"command b=y q", "command b=--token=t2 q", "command.flag token=t2", "command postStartCommand=x --u $U --v ${localEnv:V:w} ~ q",
		"default V=w"}},
	{"features", `{"features": {"ghcr.io/a/b:1": {"version": "2", "token": "hunter2"}, "ghcr.io/c/d:1": "3", "e": true, "f": {}}}`, []string{
		"feature version=2 q @ghcr.io/a/b:1", "feature token=hunter2 q @ghcr.io/a/b:1", "feature ghcr.io/c/d:1=3 q @ghcr.io/c/d:1",
		"feature e=true @e"}},
	{"others", `{"name": "n", "customizations": {"vscode": {"settings": {"x.token": "hunter2"}, "extensions": ["a.b"]}}, "mounts": ["source=a,target=b", {"source": "c"}], "forwardPorts": [1]}`, []string{
		"value name=n q", "value x.token=hunter2 q", "value extensions=a.b q", "value mounts=source=a,target=b q", "value source=c q",
		"value forwardPorts=1"}},
	{"comments", "// TOKEN: \"old\"\n{\n\t/* \"A\": \"b\",\n\t   C=d */\n\t\"containerEnv\": { // trailing\n\t\t// \"SECRET\": \"hunter2\",\n\t\t// see https://example.org\n\t\t\"URL\": \"https://x/*y*/\", // \"IN\": \"line\"\n\t},\n\t\"runArgs\": [\n\t\t// \"-e\", \"X=y\"\n\t\t\"-e\", \"D=${localEnv:E}\",\n\t],\n}\n", []string{
		"env URL=https://x/*y*/ q", "run-arg runArgs=-e q", "run-arg D=${localEnv:E} ? q", "comment TOKEN=old q",
		"comment SECRET=hunter2 q", "comment IN=line q"}},
	{"mistakes", "{\n  \"containerEnv\": {\n    \"A\": \"b\"\n    \"C\": \"d\",,\n    \"E\"\n: \"f\",\n    \"G\": \"open,\n    \"H\": \"i\"\n  }\n  \"image\": \"j\\/k\\ud83d\\ude00\",\n  \"name\": \"n\"]\n", []string{
		"env A=b q", "env C=d q", "env E=f q", "env G=open, q", "env H=i q", "image image=j/k😀 q", "value name=n q"}},
	{"escapes", `{"image": "a\/b\u0041\ud83d\ude00", "name": "c:\d\u12", "runArgs": ["--x=y\/z", "--pass=w"]}`, []string{
		"image image=a/bA😀 q", "value name=c:\\d\\u12 q", "run-arg x=y/z q", "run-arg pass=w q"}},
	{"cut off", `{"containerEnv": {"A": "hunter2`, []string{
		"env A=hunter2 q"}},
	{"CRLF", "\xef\xbb\xbf{\r\n  \"image\": \"a\",\r\n  \"name\": \"open\r\n}\r\n", []string{
		"image image=a q", "value name=open q"}},
	{"list", `["a", {"b": "c"}]`, []string{
		"value =a q", "value b=c q"}},
	{"text", "a word", []string{
		"value =a word"}},
	{"nothing", "", nil},
	{"UTF-16", "\xff\xfe{\x00", nil},
}
