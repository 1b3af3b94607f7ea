package bake

// forms are files with the entries that are read.
var forms = []struct {
	name, text string
	want       []string
}{
	{"args", in("  args = {\n    TOKEN = \"hunter2\"\n    \"B\" = \"c d\", C: 12\n    D = VAR\n    E = \"${VAR}\"\n    F = \"pre-${VAR}\"\n    G = true\n    H = null\n    I = \"\"\n    J = \"a$b $${c} %%{d}\"\n  }"), []string{
		"arg TOKEN=hunter2 q @app", "arg B=c d q @app", "arg C=12 @app", "arg D=VAR ? @app", "arg E=${VAR} ? q @app",
		"arg F=pre-${VAR} ~ q @app", "arg G=true @app", "arg H=null ! @app", "arg I= q @app", "arg J=a$b ${c} %{d} q @app"}},
	{"escapes", in("args = { A = \"a\\\"b\\n\\u0041\\\\\", B = \"x\\qy\" }"), []string{
		"arg A=a\"b\nA\\ q @app", "arg B=x\\qy q @app"}},
	{"conditions", in("args = {\n A = X != \"\" ? X : \"hunter2\"\n B = \"${X == \"prod\" ? \"one\" : \"two\"}\"\n C = equal(\"\", X) ? null : X\n D = \"prod\" == X ? 1 : 2\n E = (X)\n F = !X\n G = \"v\" == \"w\"\n}"), []string{
		"arg A=X != \"\" ? X : \"hunter2\" ? @app", "value X= q @app", "arg A=hunter2 q @app",
		"arg B=${X == \"prod\" ? \"one\" : \"two\"} ? q @app", "value X=prod q @app", "arg B=one q @app", "arg B=two q @app",
		"arg C=equal(\"\", X) ? null : X ? @app", "value C= q @app", "value D=prod q @app", "arg D=\"prod\" == X ? 1 : 2 ? @app",
		"arg E=(X) ? @app", "arg F=!X ? @app", "value G=v q @app", "value G=w q @app", "arg G=\"v\" == \"w\" ? @app"}},
	{"calls", in("args = merge({ A = \"b\" }, X, { C = X })\n tags = concat([\"a:1\", \"b:${V}\"], [for t in T : \"c:${t}\"], [X])\n labels = { for k, v in m : k => \"l-${v}\" }"), []string{
		"arg args=merge({ A = \"b\" }, X, { C = X }) ? @app", "arg A=b q @app",
		"tag tags=concat([\"a:1\", \"b:${V}\"], [for t in T : \"c:${t}\"], [X]) ? @app", "tag tags=a:1 q @app",
		"tag tags=b:${V} ~ q @app", "tag tags=c:${t} ~ q @app", "label labels=l-${v} ~ q @app"}},
	{"secret", in("  secret = [\n    \"id=x,env=Y\",\n    \"type=file,id=x,src=.env\",\n    { id = \"o\", env = \"E\" },\n    \"${S}\",\n  ]"), []string{
		"secret secret=id=x,env=Y q @app", "secret id=x @app", "secret env=Y @app", "secret secret=type=file,id=x,src=.env q @app",
		"secret type=file @app", "secret id=x @app", "secret src=.env @app", "secret id=o q @app", "secret env=E q @app",
		"secret secret=${S} ? q @app"}},
	{"options", in("attest = [\"type=provenance,mode=max\"]\ncache-to = [\"type=s3,secret_access_key=hunter2,region=${R},x=${f(\"a,b\")}\"]\ncache-from = [\"user/app:cache\", \"type=registry,ref=r/i\"]\noutput = [{type = \"image\", name = \"n\"}]\nssh = [\"default\", \"k=/x\"]"), []string{
		"attest attest=type=provenance,mode=max q @app", "attest type=provenance @app", "attest mode=max @app",
		"cache-to cache-to=type=s3,secret_access_key=hunter2,region=${R},x=${f(\"a,b\")} ~ q @app", "cache-to cache-to=a,b q @app",
		"cache-to type=s3 @app", "cache-to secret_access_key=hunter2 @app", "cache-to region=${R} ? @app",
		"cache-to x=${f(\"a,b\")} ? @app", "cache-from cache-from=user/app:cache q @app",
		"cache-from cache-from=type=registry,ref=r/i q @app", "cache-from type=registry @app", "cache-from ref=r/i @app",
		"output type=image q @app", "output name=n q @app", "ssh ssh=default q @app", "ssh ssh=k=/x q @app", "ssh k=/x @app"}},
	{"contexts", in("context = \"https://u:hunter2@example.org/r.git\"\ncontexts = {\n  base = \"docker-image://alpine:3\"\n  t = \"target:base\"\n}\nlabels = { \"org.x\" = \"y\" }\nannotations = [\"index:a.b=c\", \"x\"]\nplatforms = [\"linux/amd64\"]"), []string{
		"context context=https://u:hunter2@example.org/r.git q @app", "context base=docker-image://alpine:3 q @app",
		"context t=target:base q @app", "label org.x=y q @app", "label annotations=index:a.b=c q @app", "label index:a.b=c @app",
		"label annotations=x q @app", "value platforms=linux/amd64 q @app"}},
	{"inline", in("  dockerfile-inline = <<EOT\nFROM ${BASE}\nENV A=$${B} C=\"d\" \\\n  E=f\nEOT\n  args = { A = \"b\" }"), []string{
		"value dockerfile-inline=FROM ${BASE}\nENV A=${B} C=\"d\" \\\n  E=f\n ~ @app", "arg A=b q @app"}},
	{"inline, indented", in("  dockerfile-inline = <<-EOT\n    FROM x\n      RUN y\n\n    ENV Z=1\n    EOT\n"), []string{
		"value dockerfile-inline=FROM x\n  RUN y\n\nENV Z=1\n @app"}},
	{"inline, string", in("dockerfile-inline = \"FROM x\\nENV A=b\\n\""), []string{
		"value dockerfile-inline=FROM x\nENV A=b\n q @app"}},
	{"inline, condition", in("dockerfile-inline = X ? \"FROM x\" : \"FROM y\""), []string{
		"value dockerfile-inline=X ? \"FROM x\" : \"FROM y\" ? @app", "value dockerfile-inline=FROM x q @app",
		"value dockerfile-inline=FROM y q @app"}},
	{"variables", "variable \"A\" { default = \"hunter2\" }\nvariable \"B\" {}\nvariable \"C\" {\n  default = [\"x\", \"y\"]\n  description = \"d\"\n}\nvariable \"D\" {\n  type = string\n  default = null\n  validation {\n    condition = D != \"\"\n    error_message = \"e\"\n  }\n}\nvariable \"E\" { default = { k = \"v\" } }\nnow = timestamp()\nplain = \"p\"\n", []string{
		"variable A=hunter2 q @A", "variable B= ! @B", "variable C=x q @C", "variable C=y q @C", "value description=d q @C",
		"value type=string ? @D", "variable D=null ! @D", "value condition=D != \"\" ? @D", "value D= q @D",
		"value error_message=e q @D", "variable k=v q @E", "variable now=timestamp() ?", "variable plain=p q"}},
	{"groups", "group \"default\" {\n  targets = [\"app\", \"db\"]\n}\nfunction \"f\" {\n  params = [x]\n  result = \"${x}-y\"\n}\n", []string{
		"value targets=app q @default", "value targets=db q @default", "value params=x ? @f", "value result=${x}-y ~ q @f"}},
	{"matrix", in("name = \"app-${i.n}\"\nmatrix = {\n  i = [{ n = \"a\", t = \"u\" }, { n = \"b\" }]\n}"), []string{
		"value name=app-${i.n} ~ q @app", "value n=a q @app", "value t=u q @app", "value n=b q @app"}},
	{"comments", "# TOKEN = \"hunter2\"\n// OTHER: \"v\",\n/* x\n  THIRD = word\n*/\ntarget \"a\" { # FOURTH = \"z\"\n  args = { A = \"b\" /* c */ } // d = e f\n  tags = [\"http://x#y\"]\n}\n# see https://example.org\n", []string{
		"arg A=b q @a", "tag tags=http://x#y q @a", "comment TOKEN=hunter2 q", "comment OTHER=v q", "comment THIRD=word",
		"comment FOURTH=z q"}},
	{"directive", in("args = { A = \"%{ if X }yes%{ else }no%{ endif }\" }"), []string{
		"arg A=%{ if X }yes%{ else }no%{ endif } ~ q @app"}},
	{"JSON", `{"variable": {"V": {"default": "hunter2"}, "W": {}}, "group": {"default": {"targets": ["app"]}}, "target": {"app": {"args": {"A": "b", "N": null, "C": "${V}", "D": "${V != \"\" ? V : \"lit\"}"}, "secret": ["id=x,env=Y", {"id": "z"}], "dockerfile-inline": "FROM x\nRUN y", "tags": ["a\/b\u0041\ud83d\ude00"], "no-cache": true}}}`, []string{
		"variable V=hunter2 q @V", "variable W= ! @W", "value targets=app q @default", "arg A=b q @app", "arg N=null ! @app",
		"arg C=${V} ? q @app", "arg D=${V != \\\"\\\" ? V : \\\"lit\\\"} ? q @app", "value V= q @app", "arg D=lit q @app",
		"secret secret=id=x,env=Y q @app", "secret id=x @app", "secret env=Y @app", "secret id=z q @app",
		"value dockerfile-inline=FROM x\nRUN y q @app", "tag tags=a/bA😀 q @app", "value no-cache=true @app"}},
	{"JSON, comments and commas", "{ // A: \"b\"\n  \"target\": [{ \"app\": { \"args\": { \"A\": \"b\"\n \"C\": \"d\",, }, } }],\n}", []string{
		"arg A=b q @app", "arg C=d q @app"}},
	{"mistakes", "target \"a\" {\n  args = {\n    A = \"b\"\n    {{ x }}\n<<<<<<< HEAD\n    C = \"d\n    E = \"${X\n    F = \"g\"\n    H = {{ .x }}\n    I\n    J = \"k\"\n  }\n}\ntarget \"b\" { args = { L = \"m\" } }\n} ]\nvariable \"N\" { default = \"o\" }\n", []string{
		"arg A=b q @a", "arg C=d q @a", "arg E=${X ? q @a", "arg F=g q @a", "arg H={{ .x }} ? @a", "arg J=k q @a", "arg L=m q @b",
		"variable N=o q @N"}},
	{"unclosed list", in("tags = [\"a\"") + "variable \"B\" { default = \"c\" }\n", []string{
		"tag tags=a q @app", "variable B=c q @B"}},
	{"unclosed heredoc", in("args = { A = <<EOT\nx\n"), []string{
		"arg A=x\n\n}\n @app"}},
	{"CRLF", "target \"a\" {\r\n  args = {\r\n    A = \"b\"\r\n    C = D\r\n  }\r\n}\r\n", []string{
		"arg A=b q @a", "arg C=D ? @a"}},
	{"mark of order", "\xef\xbb\xbfvariable \"A\" { default = \"b\" }", []string{
		"variable A=b q @A"}},
	{"nothing", "", nil},
	{"UTF-16", "\xff\xfev\x00", nil},
}
