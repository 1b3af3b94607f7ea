package command

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// forms are command lines with what they carry, as context name=value; the context without "command.".
var forms = []struct{ text, want string }{
	// curl and its like
	{`curl -u admin:hunter2 https://h`, `password -u=hunter2`},
	{`curl -uadmin:hunter2 https://h`, `password -u=hunter2`},
	{`curl -sSu admin:hunter2 https://h`, `password u=hunter2`},
	{`curl -sSuadmin:hunter2 https://h`, `password u=hunter2`},
	{`curl --user 'admin:hun:ter2' h`, `password --user=hun:ter2`},
	{`curl --user=admin:hunter2 h`, `password --user=hunter2`},
	{`curl -u hunter2: h`, `token -u=hunter2`},
	{`curl -u admin h; curl -u`, ``},
	{`curl -u "$USER:$PASS" h`, `password -u=$PASS`},
	{`curl -u ${U:-a:b}:hunter2 h`, `password -u=hunter2`},
	{`curl --proxy-user a:hunter2 -U b:hunter3 h`, `password --proxy-user=hunter2, password -U=hunter3`},
	{`curl -H "Authorization: Bearer hunter2" h`, `token Authorization=hunter2`},
	{`curl -H 'authorization: token hunter2' h`, `token authorization=hunter2`},
	{`curl -H 'Authorization: Basic aHVudGVyMg==' h`, `basic Authorization=aHVudGVyMg==`},
	{`curl -H 'Authorization: hunter2' h`, `token Authorization=hunter2`},
	{`curl -H 'Authorization: Token token="hunter2"' h`, `token Authorization=hunter2`},
	{`curl -H "Authorization: Bearer $(cat x y)" h`, `token Authorization=$(cat x y)`},
	{`curl -H "Authorization: AWS4-HMAC-SHA256 Credential=a, Signature=b" h`, ``},
	{`curl -H"X-Api-Key: hunter2" h`, `token X-Api-Key=hunter2`},
	{`curl -sH "PRIVATE-TOKEN: hunter2" h`, `token PRIVATE-TOKEN=hunter2`},
	{`curl --header="X-Vault-Token: hunter2" h`, `token X-Vault-Token=hunter2`},
	{`curl -H "Accept: text/html" -H "X-Auth-Email: a@b" -H x h`, ``},
	{`curl --oauth2-bearer hunter2 h`, `token --oauth2-bearer=hunter2`},
	{`curl -o -u x`, ``},
	{`curl -d user -X POST -- -u a:hunter2`, ``},
	{`/usr/bin/curl -u a:hunter2`, `password -u=hunter2`},
	{`wget --user=a --password=hunter2 --header "X-Token: hunter3" h`, `password --password=hunter2, token X-Token=hunter3`},
	{`wget --http-password hunter2 --ftp-password=hunter3 --proxy-password=hunter4`, `password --http-password=hunter2, password --ftp-password=hunter3, password --proxy-password=hunter4`},
	{`http -a u:hunter2 h Authorization:'Bearer hunter3'`, `password -a=hunter2, token Authorization=hunter3`},
	// databases
	{`mysql -uroot -phunter2 db`, `password -p=hunter2`},
	{`mysql -u root -p'hunter2' db`, `password -p=hunter2`},
	{`mysqldump --password=hunter2 db`, `password --password=hunter2`},
	{`mysql -u root -p db; mysql --password db; mysql -p -e x`, ``},
	{`mariadb-dump -p"$PW" db`, `password -p=$PW`},
	{`mysqladmin -u root password hunter2`, `password password=hunter2`},
	{`mysqladmin -uroot -phunter2 ping`, `password -p=hunter2`},
	{`mongo -u a -p hunter2 db`, `password -p=hunter2`},
	{`mongosh --username a --password hunter2`, `password --password=hunter2`},
	{`mongodump -p`, ``},
	{`redis-cli -h h -a hunter2 ping`, `password -a=hunter2`},
	{`redis-cli --pass hunter2`, `password --pass=hunter2`},
	{`redis-server --requirepass hunter2`, `password --requirepass=hunter2`},
	{`sqlcmd -S h -U sa -P hunter2 -Q x`, `password -P=hunter2`},
	{`sqlplus scott/hunter2@db`, `password sqlplus=hunter2`},
	{`sqlplus / as sysdba`, ``},
	{`ldapsearch -x -D cn=a -w hunter2 -b dc=x`, `password -w=hunter2`},
	{`ldapadd -xw hunter2`, `password w=hunter2`},
	{`ldapsearch -x -W -y file`, ``},
	{`sshpass -p hunter2 ssh -p 22 u@h`, `password -p=hunter2`},
	{`sshpass -phunter2 ssh u@h 'mysql -phunter3'`, `password -p=hunter2, password -p=hunter3`},
	{`sshpass -e ssh u@h; sshpass -f file ssh u@h`, ``},
	// images
	{`docker login -u a -p hunter2 r.test`, `password -p=hunter2`},
	{`docker login r.test --password=hunter2`, `password --password=hunter2`},
	{`docker login -u a --password-stdin r.test`, ``},
	{`docker --config d login -p`, ``},
	{`echo hunter2 | docker login -u a --password-stdin`, `password --password-stdin=hunter2`},
	{`echo "$PW" | docker login --password-stdin`, `password --password-stdin=$PW`},
	{`docker login --password-stdin <<< hunter2`, `password --password-stdin=hunter2`},
	{"docker login --password-stdin <<E\nhunter2\nE\n", `password --password-stdin=hunter2`},
	{`cat f | docker login --password-stdin; aws ecr get | docker login --password-stdin`, ``},
	{`echo hunter2; docker login --password-stdin`, ``},
	{`echo hunter2 | docker login -u $(whoami) --password-stdin`, `password --password-stdin=hunter2`},
	{`crane auth logout r.test -u a -p x`, ``},
	{`crane auth login r.test -u a -p hunter2`, `password -p=hunter2`},
	{`echo hunter2 | crane auth login r.test -u a --password-stdin`, `password --password-stdin=hunter2`},
	{`helm registry login r.test -u a -p hunter2`, `password -p=hunter2`},
	{`skopeo copy --src-creds a:hunter2 --dest-creds=b:hunter3 x y`, `password --src-creds=hunter2, password --dest-creds=hunter3`},
	{`/kaniko/executor --context . --build-arg NPM_TOKEN=hunter2 --build-arg X`, `build-arg NPM_TOKEN=hunter2, build-arg X= !`},
	{`docker build --build-arg NPM_TOKEN=hunter2 --build-arg X -t a:b .`, `build-arg NPM_TOKEN=hunter2, build-arg X= !`},
	{`docker buildx build --build-arg=A=hunter2 --secret id=a .`, `build-arg A=hunter2`},
	{`podman build --build-arg "A=$B" .`, `build-arg A=$B`},
	{`docker run -d --name x -e POSTGRES_PASSWORD=hunter2 -p 80:80 postgres`, `env POSTGRES_PASSWORD=hunter2`},
	{`docker run -ite A="b c" --env=D=e --env F img`, `env A=b c, env D=e`},
	{`docker run -e A=b img -e C=d`, `env A=b`},
	{`docker run --rm redis:7 --requirepass hunter2`, `flag requirepass=hunter2`},
	{`docker run --rm mysql:8 mysql -uroot -phunter2`, `password -p=hunter2`},
	{`docker exec -it db mysql -uroot -phunter2`, `password -p=hunter2`},
	{`docker-compose exec -T db mysql -phunter2`, `password -p=hunter2`},
	{`docker compose -f x exec db redis-cli -a hunter2`, `password -a=hunter2`},
	{`docker service create -e A=b --secret s img`, `env A=b`},
	{`echo hunter2 | docker secret create db -`, `password db=hunter2`},
	{`docker run --password img`, `flag password=img`},
	// clusters
	{`helm upgrade a b --set a.b.password=hunter2,c=d --set-string e\.f=g`, `set password=hunter2, set c=d, set f=g`},
	{`helm install --set=a.token=hunter2 --set x`, `set token=hunter2`},
	{`kubectl create secret generic s --from-literal=password=hunter2 --from-literal user=a`, `password password=hunter2, env user=a`},
	{`kubectl create secret docker-registry s --docker-password=hunter2`, `password --docker-password=hunter2`},
	{`kubectl config set-credentials a --token=hunter2 --password hunter3`, `token --token=hunter2, password --password=hunter3`},
	{`kubectl -n x exec -it pod -c a -- mysql -phunter2`, `password -p=hunter2`},
	{`oc login --token=hunter2`, `token --token=hunter2`},
	// clouds
	{`aws configure set aws_secret_access_key hunter2 --profile x`, `token aws_secret_access_key=hunter2`},
	{`aws configure set default.aws_session_token hunter2`, `token default.aws_session_token=hunter2`},
	{`aws configure set region eu-1; aws configure set aws_secret_access_key`, ``},
	{`az login --service-principal -u a -p hunter2 --tenant t`, `password -p=hunter2`},
	{`az acr login -n r -p hunter2`, `password -p=hunter2`},
	{`gcloud auth activate-service-account --key-file k.json`, ``},
	{`doctl auth init -t hunter2`, `token -t=hunter2`},
	{`doctl auth init --access-token hunter2`, `token --access-token=hunter2`},
	{`flyctl deploy -t hunter2`, `token -t=hunter2`},
	{`heroku config:set A=b --app x`, `env A=b`},
	{`vercel --token hunter2`, `token --token=hunter2`},
	{`netlify deploy --auth hunter2`, `token --auth=hunter2`},
	{`sentry-cli --auth-token hunter2 releases`, `token --auth-token=hunter2`},
	{`snyk auth hunter2`, `token auth=hunter2`},
	{`ngrok authtoken hunter2; ngrok config add-authtoken hunter3`, `token authtoken=hunter2, token add-authtoken=hunter3`},
	{`tailscale up --authkey hunter2 --ssh`, `token --authkey=hunter2`},
	{`cloudflared tunnel run --token hunter2`, `token --token=hunter2`},
	// packages
	{`npm config set //registry.test/:_authToken hunter2`, `token //registry.test/:_authToken=hunter2`},
	{`npm config set //registry.test/:_authToken=hunter2`, `token //registry.test/:_authToken=hunter2`},
	{`npm config set -g _auth aHVudGVyMg==`, `basic _auth=aHVudGVyMg==`},
	{`npm set //r/:_password="aHVudGVyMg=="`, `password //r/:_password=aHVudGVyMg==`},
	{`npm config set registry https://r.test`, ``},
	{`yarn config set npmAuthToken hunter2`, `token npmAuthToken=hunter2`},
	{`pip config set global.index-url https://h`, ``},
	{`poetry config http-basic.foo user hunter2`, `password http-basic.foo=hunter2`},
	{`poetry config pypi-token.pypi hunter2`, `token pypi-token.pypi=hunter2`},
	{`composer config -g http-basic.h user hunter2`, `password http-basic.h=hunter2`},
	{`composer config --global github-oauth.github.com hunter2`, `token github-oauth.github.com=hunter2`},
	{`bundle config set --global gems.test user:hunter2`, `password gems.test=hunter2`},
	{`bundle config gems.test hunter2`, `token gems.test=hunter2`},
	{`bundle config set path vendor`, ``},
	{`git config --global http.extraheader "Authorization: Bearer hunter2"`, `token Authorization=hunter2`},
	{`git -c http.https://h/.extraheader="AUTHORIZATION: basic aHVudGVyMg==" fetch`, `basic AUTHORIZATION=aHVudGVyMg==`},
	{`git config user.name x`, ``},
	{`cargo login hunter2`, `token login=hunter2`},
	{`cargo publish --token hunter2`, `token --token=hunter2`},
	{`twine upload -u a -p hunter2 dist/x`, `password -p=hunter2`},
	{`nuget sources add -Name a -Password hunter2`, `password -Password=hunter2`},
	{`dotnet nuget add source u --username a --password hunter2`, `password --password=hunter2`},
	{`dotnet nuget push a.nupkg -k hunter2 -s x`, `token -k=hunter2`},
	{`nuget push a.nupkg hunter2 -Source x`, `token push=hunter2`},
	// systems
	{`htpasswd -b file user hunter2`, `password htpasswd=hunter2`},
	{`htpasswd -nbB user hunter2`, `password htpasswd=hunter2`},
	{`htpasswd -cbB -C 10 file user hunter2`, `password htpasswd=hunter2`},
	{`htpasswd -c file user`, ``},
	{`mosquitto_passwd -b file user hunter2`, `password mosquitto_passwd=hunter2`},
	{`openssl enc -aes-256-cbc -k hunter2 -in a`, `password -k=hunter2`},
	{`openssl rsa -passin pass:hunter2 -passout env:X`, `password -passin=hunter2`},
	{`openssl passwd -6 hunter2`, `password passwd=hunter2`},
	{`keytool -genkey -storepass hunter2 -keypass hunter3`, `password -storepass=hunter2, password -keypass=hunter3`},
	{`echo "root:hunter2" | chpasswd`, `password chpasswd=hunter2`},
	{`printf 'a:hunter2\nb:hunter3\n' | chpasswd`, `password chpasswd=hunter2, password chpasswd=hunter3`},
	{`echo 'root:$6$x' | chpasswd -e`, `hash chpasswd=$6$x`},
	{`printf 'root:%s' hunter2 | chpasswd`, `password chpasswd=hunter2`},
	{"chpasswd <<E\nroot:hunter2\nE", `password chpasswd=hunter2`},
	{`echo root:hunter2 | sudo chpasswd`, `password chpasswd=hunter2`},
	{`echo hunter2 | passwd --stdin user`, `password --stdin=hunter2`},
	{`echo -e "hunter2\nhunter2" | passwd user`, `password passwd=hunter2`},
	{`echo hunter2 | sudo -S apt install x`, `password -S=hunter2`},
	{`useradd -m -p hunter2 user`, `hash -p=hunter2`},
	{`smbclient //h/s -U 'user%hunter2'`, `password -U=hunter2`},
	{`mount -t cifs -o username=u,password=hunter2 //h/s /m`, `password password=hunter2`},
	{`rabbitmqctl add_user a hunter2`, `password add_user=hunter2`},
	{`rabbitmqctl change_password a hunter2`, `password change_password=hunter2`},
	{`vault login hunter2`, `token login=hunter2`},
	{`vault login -method=github token=hunter2`, `token token=hunter2`},
	{`vault login -method=userpass username=a password=hunter2`, `password password=hunter2`},
	{`echo hunter2 | gh auth login --with-token`, `token --with-token=hunter2`},
	{`glab auth login -t hunter2`, `token -t=hunter2`},
	{`sonar-scanner -Dsonar.login=hunter2 -Dsonar.token=hunter3 -Dsonar.host.url=h`, `token sonar.login=hunter2, token sonar.token=hunter3`},
	{`java -Ddb.password=hunter2 -Xmx1g -jar x`, `password db.password=hunter2`},
	{`wp core config --dbuser=a --dbpass=hunter2`, `password --dbpass=hunter2`},
	{`wp user create a a@b --user_pass=hunter2`, `password --user_pass=hunter2`},
	{`mc alias set n https://h access hunter2`, `password set=hunter2`},
	{`net user svc hunter2 /add`, `password user=hunter2`},
	{`net user /add svc hunter2; net.exe user svc 'hunter 2' /add /y`, `password user=hunter2, password user=hunter 2`},
	{`net user svc /delete; net localgroup a svc /add; net user /domain`, ``},
	{`grafana-cli --homepath /h admin reset-admin-password hunter2`, `password reset-admin-password=hunter2`},
	{`grafana cli admin reset-admin-password hunter2`, `password reset-admin-password=hunter2`},
	{`echo hunter2 | vncpasswd -f > f; vncpasswd f`, `password -f=hunter2`},
	{`rclone obscure hunter2`, `password obscure=hunter2`},
	{`rclone config create n s3 secret_access_key x pass=hunter2`, `password pass=hunter2`},
	{`consul kv get -token=hunter2 x`, `token -token=hunter2`},
	{`etcdctl --user root:hunter2 get x`, `password --user=hunter2`},
	{`terraform apply -var db_password=hunter2 -var=region=x`, `password db_password=hunter2`},
	// any program
	{`app --password hunter2 --token=hunter3 --api-key 'hunter 4' --user a`, `flag password=hunter2, flag token=hunter3, flag api-key=hunter 4`},
	{`app --db-password hunter2 -secret hunter3`, `flag db-password=hunter2, flag secret=hunter3`},
	{`app --password --token -x; app --password ""`, ``},
	{`app -- --password hunter2`, ``},
	{`app --tokenizer x --password-file f --secret-name n`, ``},
	{`--token=hunter2 --password hunter3`, `flag token=hunter2, flag password=hunter3`},
	{`app.exe --token hunter2`, `flag token=hunter2`},
	// behind others
	{`sudo -u x -E mysql -phunter2`, `password -p=hunter2`},
	{`sudo A=b mysql -phunter2`, `password -p=hunter2`},
	{`env A=b C=d mysql -phunter2`, `password -p=hunter2`},
	{`time nohup exec timeout -k 5 10 mysql -phunter2`, `password -p=hunter2`},
	{`xargs -n 1 curl -u a:hunter2`, `password -u=hunter2`},
	{`su -c "mysql -phunter2" root`, `password -p=hunter2`},
	{`su - user -c 'curl -u a:hunter2 h'`, `password -u=hunter2`},
	{`bash -lc 'curl -u a:hunter2 h'`, `password -u=hunter2`},
	{`bash -euo pipefail -c 'curl -u a:hunter2 h'`, `password -u=hunter2`},
	{`ssh -p 22 h mysql -phunter2`, `password -p=hunter2`},
	{`A=$(curl -u a:hunter2 h)`, `password -u=hunter2`},
	{`sudo; env; timeout 5; sh -c; docker; docker exec`, ``},
	{`$CURL -u a:hunter2; Curl -u a:hunter2`, ``},
}

// readAll reads the commands of a text, and of those that it hands to other shells.
func readAll(t placed.Text, depth int, visit func(Found)) {
	var scripts []placed.Text
	r := Reader{Script: func(t placed.Text) { scripts = append(scripts, t) }}
	shell.Commands(t, '\\', func(c *shell.Command) { r.Read(c, visit) })
	if depth < 3 {
		for _, s := range scripts {
			readAll(s, depth+1, visit)
		}
	}
}

func show(data []byte, f Found) string {
	s := fmt.Sprintf("%s %s=%s", strings.TrimPrefix(string(f.Context), "command."), f.Name.Of(data), f.Value)
	if f.Unset {
		s += " !"
	}
	return s
}

func TestForms(t *testing.T) {
	for _, form := range forms {
		var got []string
		data := []byte(form.text)
		readAll(placed.Of(data, assignment.Span{End: len(data)}), 0, func(f Found) { got = append(got, show(data, f)) })
		if s := strings.Join(got, ", "); s != form.want {
			t.Errorf("%s\n got %s\nwant %s", form.text, s, form.want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for _, c := range []struct {
		text            string
		quoted, literal bool
	}{
		{`mysql -phunter2`, false, false},
		{`mysql -p'hun$er2'`, true, true},
		{`mysql -p"hunter2"`, true, false},
		{`mysql '-phun$er2'`, false, true},
		{`app --password 'hun$er2'`, true, true},
		{`app --password "hunter2"`, true, false},
		{`app --password="hunter2"`, true, false},
		{`curl -u 'a:hun$er2'`, false, true},
		{`docker run -e 'A=hun$er2' x`, true, true},
		{`curl -H "X-Token: hunter2"`, false, false},
	} {
		var got []Found
		readAll(placed.Of([]byte(c.text), assignment.Span{End: len(c.text)}), 0, func(f Found) { got = append(got, f) })
		if len(got) != 1 || got[0].Quoted != c.quoted || got[0].Literal != c.literal {
			t.Errorf("%s: %+v", c.text, got)
		}
	}
}

// TestTable: each line of the table is understood, and each name of a kind is one.
func TestTable(t *testing.T) {
	if n := strings.Count(table, "\n"); len(programs()) < 150 || n < 100 {
		t.Fatalf("%d programs, %d lines", len(programs()), n)
	}
	for line := range strings.Lines(strings.TrimSpace(table)) {
		columns := strings.Split(line, "|")
		if len(columns) != 4 {
			t.Errorf("%d columns: %s", len(columns), line)
			continue
		}
		for _, word := range strings.Fields(columns[2]) {
			name, what, set := strings.Cut(word, "=")
			_, known := kindNames[strings.TrimSuffix(what, "!")]
			switch name {
			case "CLUSTER", "PLUS", "SETTINGS", "ORDERED":
				known = !set
			case "ONLY":
				known = len(what) == 1
			}
			if set && !known || !set && strings.Trim(name, "-") == "" {
				t.Errorf("option %s: %s", word, line)
			}
		}
		for _, word := range strings.Fields(columns[3]) {
			if _, known := kindNames[strings.TrimSuffix(word, "*")]; !known && word != "CMD" {
				t.Errorf("operand %s: %s", word, line)
			}
		}
	}
}

func TestClaims(t *testing.T) {
	var c Claims
	span := func(i, j int) assignment.Span { return assignment.Span{Start: i, End: j} }
	if c.Has(span(0, 5)) {
		t.Error("nothing is claimed")
	}
	for _, s := range []assignment.Span{span(20, 25), span(10, 15), span(30, 30)} {
		c.Add(s)
	}
	for s, want := range map[assignment.Span]bool{span(10, 15): true, span(8, 30): true, span(14, 16): true, span(15, 20): false, span(0, 10): false,
		span(25, 29): false, span(30, 30): true, span(24, 26): true, span(40, 41): false} {
		if c.Has(s) != want {
			t.Errorf("%v: %v", s, !want)
		}
	}
	if c.Reset(); c.Has(span(10, 15)) {
		t.Error("claims are left")
	}
}

// check reads a text and checks that every place lies in it and points at what is reported.
func check(t *testing.T, data []byte) {
	readAll(placed.Of(data, assignment.Span{End: len(data)}), 0, func(f Found) {
		n, v := f.Name, f.Value.Place()
		if n.Start < 0 || n.Start >= n.End || n.End > len(data) || v.Start < 0 || v.Start > v.End || v.End > len(data) {
			t.Fatalf("%+v of %d bytes", f, len(data))
		}
		if (v.Len() == 0) != f.Unset || f.Context == "" {
			t.Fatalf("%+v", f)
		}
		if f.Value.Verbatim() && !bytes.Equal(v.Of(data), f.Value.Bytes) {
			t.Fatalf("%q at %v, where %q stands", f.Value.Bytes, v, v.Of(data))
		}
		for i := range f.Value.Bytes {
			if data[f.Value.Pos(i)] != f.Value.Bytes[i] {
				t.Fatalf("byte %d of %q is not at %d", i, f.Value.Bytes, f.Value.Pos(i))
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 1<<16 {
			check(t, data)
		}
	})
}

// TestLinear: many words, and many commands within each other, take no more than linear time.
func TestLinear(t *testing.T) {
	for _, c := range [][2]string{{"sudo ", ""}, {"sh -c '", ""}, {"docker exec x ", ""}, {"docker ", "login "}, {"curl ", "-sSu a:b "}, {"npm config set ", "a=b "},
		{"helm --set ", "a=b,"}, {"echo x | ", ""}, {"curl -u ", "$("}, {"app ", "--password x "}, {"curl -", "sSu"}, {"a", "\n"}} {
		data := []byte(c[0] + strings.Repeat(c[1], 1<<19/max(1, len(c[1]))))
		if c[1] == "" {
			data = []byte(strings.Repeat(c[0], 1<<19/len(c[0])))
		}
		began := time.Now()
		readAll(placed.Of(data, assignment.Span{End: len(data)}), 0, func(Found) {})
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%q: %v for %d bytes", c, d, len(data))
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var text strings.Builder
	for _, form := range forms {
		text.WriteString(form.text + "\n")
	}
	data := []byte(text.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		readAll(placed.Text{Bytes: data}, 0, func(Found) {})
	}
}
