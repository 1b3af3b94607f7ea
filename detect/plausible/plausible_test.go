package plausible_test

import (
	"bytes"
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/example"
	"rummage/detect/plausible"
)

// judge reads the first assignment of text whose name holds the keyword and judges it.
func judge(t *testing.T, filter, text, keyword string) plausible.Verdict {
	t.Helper()
	data := []byte(text)
	i := bytes.Index(data, []byte(keyword))
	if i < 0 {
		t.Fatalf("%q is not in %q", keyword, text)
	}
	a, ok := assignment.ReadText(data, i, i+len(keyword))
	if !ok {
		return plausible.Verdict{Reason: "no assignment"}
	}
	f, ok := plausible.Named(filter)
	if !ok {
		t.Fatalf("no filter %q", filter)
	}
	return f(data, a)
}

// What people write beside names of secrets: y a credential, w a weak one (a default, a plain word), n none.
var passwords = []struct{ keyword, text, want string }{
	// What people choose.
	{"pass", "password=hunter2", "y"},
	{"pass", `password: "Tr0ub4dor&3"`, "y"},
	{"PASS", "DB_PASSWORD=correcthorse", "w"},
	{"PASS", "POSTGRES_PASSWORD: postgres", "w"},
	{"PASS", "MYSQL_ROOT_PASSWORD: root", "w"},
	{"PASS", "RABBITMQ_DEFAULT_PASS=guest", "w"},
	{"PASS", "POSTGRES_PASSWORD: password", "w"},
	{"pass", "password: monkey", "w"},
	{"pass", `  password: 'sunshine'`, "w"},
	{"pass", `"password": "qwerty"`, "w"},
	{"pass", "spring.datasource.password=letmein99", "y"},
	{"pass", "- Dkeystore.password=swordfish7", "y"},
	{"pass", `$password = "longboat7";`, "y"},
	{"pass", `password = "overTheHills!Faraway"`, "y"},
	{"pass", "password = s3cr3t", "w"},
	{"pass", "password: 83650274", "n"},
	{"PASS", "DB_PASSWORD=83650274", "w"},
	{"pass", `password = "83650274"`, "w"},
	{"PASS", "DB_PASSWORD=${X:-y}", "n"},
	{"PASS", "${DB_PASSWORD:-hunter2}", "y"},

	// Placeholders.
	{"pass", "password = changeme", "n"},
	{"pass", `password = "your-password-here"`, "n"},
	{"pass", "password: <your password>", "n"},
	{"pass", `password: "<password>"`, "n"},
	{"pass", "password=xxxxxxxx", "n"},
	{"pass", "password=********", "n"},
	{"pass", "password: ''", "n"},
	{"pass", "password: 'my-password'", "n"},
	{"pass", `password = "password"`, "n"},
	{"pass", `password = "test"`, "n"},
	{"pass", `password="example"`, "n"},
	{"pass", `password="REPLACE_ME"`, "n"},
	{"pass", `password="12345678"`, "n"},
	{"pass", `password="abcdefgh"`, "n"},
	{"pass", `password="aaaaaaaa"`, "n"},
	{"pass", `password="[REDACTED]"`, "n"},
	{"pass", `"password": "..."`, "n"},
	{"pass", "password: none", "n"},
	{"pass", "password: null", "n"},
	{"pass", "password: true", "n"},

	// References and templates.
	{"pass", "password: ${DB_PASSWORD}", "n"},
	{"pass", "password=$DB_PASSWORD", "n"},
	{"pass", `password = "$DB_PASSWORD"`, "n"},
	{"pass", "password=$(cat /run/secrets/db)", "n"},
	{"pass", "password: {{ vault_password }}", "n"},
	{"pass", `password: "{{ .Values.password }}"`, "n"},
	{"pass", "password: ((db-password))", "n"},
	{"pass", "password: %(password)s", "n"},
	{"pass", `"password=%s"`, "n"},
	{"pass", "password=%DB_PASSWORD%", "n"},
	{"pass", "password: !vault |", "n"},
	{"pass", "password = vault:secret/db#password", "n"},
	{"pass", "password: op://vault/db/password", "n"},
	{"pass", "password: ENC[AES256_GCM,data:x]", "n"},
	{"pass", "password: arn:aws:secretsmanager:eu-west-1:1:secret:db", "n"},
	{"pass", "password_file: /run/secrets/db", "n"},
	{"pass", "password: /run/secrets/db_password", "n"},
	{"pass", "password: ./secrets/db.txt", "n"},
	{"pass", "password: https://example.org/reset", "n"},

	// Code.
	{"pass", "password = user.password", "n"},
	{"pass", "password = getPassword()", "n"},
	{"pass", "password = os.environ['DB_PASSWORD']", "n"},
	{"pass", `password = os.getenv("DB_PASSWORD")`, "n"},
	{"pass", "password = process.env.DB_PASSWORD;", "n"},
	{"pass", "  password: string;", "n"},
	{"pass", "password: String,", "n"},
	{"pass", "login(username, password=password)", "n"},
	{"pass", "user->password = newPassword;", "n"},
	{"pass", "password := readLine", "n"},
	{"pass", `"PASSWORD="+password`, "n"},
	{"Pass", "i := &Login{OldPassword: &unsetValue}", "n"},
	{"secret", "config.client_secret = shop_client_secret", "n"},
	{"SECRET", `const EnvSecret = "SHOP_CLIENT_SECRET"`, "n"},
	{"pass", "const password = await prompt('x')", "n"},
	{"PASS", "--- PASS: TestChatty", "n"},
	{"PWD", "PWD=home", "n"},
	{"pass", "The password: please keep it to yourself", "n"},
	{"pass", `"password": "Please enter your password"`, "n"},
	{"PASS", `"LABEL_PASSWORD": "Heslo",`, "n"},
	{"pass", "password: $2a$10$" + strings.Repeat("aB3.", 13) + "z", "n"},

	{"Passwd", "cfg.Passwd = dsn[k+1 : j]", "n"},
	{"pass", "password = password.encode('utf-8')", "n"},
	{"PASS", "DOCKER_PASSWORD=credentials('7c1a50cd-57d0-4b7e-b4d7-ef87af0b3a77')", "n"},
	{"Cred", `userCredentials = dao.findById("787827e6-27d7-11e7-93ae-92361f002671")`, "n"},
	{"SECRET", `config.TSIGSecret = env.GetOrFile("RFC2136_TSIG_SECRET")`, "n"},
	{"pass", "index_url, _, user_password = index_info", "n"},
	{"pass", "no hardcoded ones: look for sk_live and password= before a commit", "n"},
	{"pass", "  --metrics.influxdb.password         InfluxDB password", "n"},
	{"pass", ".select('-password -rights')", "n"},
	{"pass", `proxy = "socks5h://<username>:<password>@proxy-host"`, "n"},
	{"pass", `"x: false,\n  password: false,\n  y: 1"`, "n"},
	{"passwd", `    parse-passwd: "npm:^1.0.0"`, "n"},
	{"passwd", `    parse-passwd: "^1.0.0"`, "n"},
	{"secret", `@fa-var-user-secret: "\f21b";`, "n"},
	{"pass", "password: cGFzc3dvcmQ=", "w"},
	{"pass", `"passwordKey": "smtppwd"`, "n"},
	{"Pass", `"PasswordLastUsed": "2016-09-08T21:47:36Z"`, "n"},

	{"Password", `const SetMasterPassword = "pm-23174-account-recovery-drives-the-need-to-set-master-password";`, "n"},
	{"Secrets", `"Microsoft.Extensions.Configuration.UserSecrets": "1.0.0-rc2-final",`, "n"},
	{"pass", `'password' => 'min:5',`, "n"},
	{"pass", `'password' => "barryIsTheBest{$i}",`, "n"},
	{"pass", `t.pass('cleaned!')`, "n"},
	{"deviceCred", "DeviceCredentials deviceCredentials = isVersionOlderThan_3_6_2", "n"},
	{"PASS", `DB_PASS="m{{h}o)p${e]nob(ody[finds>-_$#thisone}}"`, "y"},
	{"pass", "password: '*EE0D72C1085C46C5278932678FBE2C6A782821B4'", "n"},
	{"pass", "password: md59543f1d82624df2b31672ec0f7050460", "n"},
	{"pass", "password='$ldap$'", "n"},
	{"Pass", `MasterPassword = "AQAAAAIAAYagAAAAEBATmF66OHMpHuHKc1CsGZQ1ltHUHyhYK"`, "n"},
	{"PASS", "define( 'DB_PASSWORD', 'admin' );", "w"},
	{"PASS", "define( 'DB_PASSWORD', 'password' );", "n"},
	{"pass", "auth_verbose_passwords = sha1:6", "n"},
	{"pass", "password = 'abuser123456'", "y"},
	{"pass", `The password is "centipede".`, "w"},
	{"pass", `The password is "required".`, "n"},

	// Names of something else.
	{"pass", "password_min_length = 12kd83jf", "n"},
	{"pass", "password_reset_url=kd83jfk2", "n"},
	{"pass", "passenger_count = kd83jfk2", "n"},
	{"pass", "password_hash: kd83jfk2lq", "n"},
	{"secret", "secret_name: kd83jfk2lq", "n"},
	{"secret", "secretKeyRef: kd83jfk2lq", "n"},
}

func TestPassword(t *testing.T) {
	for _, c := range passwords {
		v := judge(t, "password", c.text, c.keyword)
		got := "n"
		switch {
		case v.Plausible && v.Weak:
			got = "w"
		case v.Plausible:
			got = "y"
		}
		if got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.text, got, v.Reason, c.want)
		}
		if v.Reason == "" || v.Plausible != (v.Score >= 0.5) || v.Weak && !v.Plausible {
			t.Errorf("%s: inconsistent verdict %+v", c.text, v)
		}
	}
}

// random are templates of what machines make; the filter has to let nearly all of it through.
var random = []struct{ filter, keyword, template string }{
	{"token", "KEY", "API_KEY={{hex 32}}"},
	{"token", "KEY", "API_KEY={{hex 16}}"},
	{"token", "key", "api_key: {{alnum 20}}"},
	{"token", "key", "encryption_key: {{base64 43}}="},
	{"token", "Key", `"consumerKey": "{{alnum 25}}",`},
	{"token", "key", "secret_key = '{{base32 32}}'"},
	{"token", "token", "access_token={{base64url 43}}"},
	{"token", "token", "token: {{hex 40}}"},
	{"token", "token", "auth_token={{uuid}}"},
	{"token", "token", "?token={{loweralnum 24}}&x=1"},
	{"password", "secret", "client_secret: {{alnum 16}}"},
	{"password", "PASS", "DB_PASSWORD={{password 14}}"},
	{"password", "PASS", "DB_PASSWORD={{lower 8}}"},
	{"password", "pass", "password: {{alnum 10}}"},
	{"password", "pass", "password = '{{password 12}}'"},
	{"password", "pass", `"password": "{{lower 10}}",`},
	{"password", "Pass", `setPassword("{{alnum 12}}")`},
	{"password", "pwd", "pwd={{alnum 10}};"},
}

func TestRandomValues(t *testing.T) {
	const seeds = 300
	for _, r := range random {
		missed := 0
		for seed := range uint64(seeds) {
			text, err := example.Expand(r.template, seed+1)
			if err != nil {
				t.Fatal(err)
			}
			if !judge(t, r.filter, text, r.keyword).Plausible {
				missed++
			}
		}
		if missed > seeds*5/100 {
			t.Errorf("%s: %d of %d dropped", r.template, missed, seeds)
		}
	}
}

var words = []string{
	"token: accessToken", "token = refresh_token_value", `token: "invalid"`, `token = "next-page"`, "api_key = your_api_key_here",
	`api_key: "my-api-key"`, "token_type: bearer", "token: 1234567890", "token: abcdefghijklmnop", "key: build-cache-linux",
	"api_key: a1b2c3d4e5f6g7h8", "token=TOKEN_FROM_ENVIRONMENT", "token: xxxxxxxxxxxxxxxxxxxxxxxx", "token: 0000000000000000",
	"api_key=${API_KEY}", "token = request.headers.authorization", "public_key: kd83jfk2lqpw03jdkl", "primary_key: kd83jfk2lqpw03jdkl",
	`db_password: {external: true, name: "db_password_v2"}`, "DATABASE_PASSWORD: {vault: production/db/password@ops, file: false}",
	"csrf_token: kd83jfk2lqpw03jdkl", "encryptedMetadataKey: kd83jfk2lqpw03jdkl",
	`cluster_auth = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM1ekNDQWM"`, "csrftoken: kd83jfk2lqpw03jdkl", "field.sendKeys('kd83jfk2lqpw03jdkl')", "next_page_token: kd83jfk2lqpw03jdkl", "token_url: kd83jfk2lqpw03jdkl", "key_id: kd83jfk2lqpw03jdkl",
	"keyboard: kd83jfk2lqpw03jdkl", "monkey: kd83jfk2lqpw03jdkl", "tokenizer: kd83jfk2lqpw03jdkl", "foreign_key: kd83jfk2lqpw03jdkl",
	`publicKeyToken="cc7b13ffcd2ddd51"`, "GPG_KEY=9DC858229FC7DD38854AE2D88D81803C0EBFCD88", "Release GPG key: 9554F04D7259F04124DE6B476D5A82AC7E37093B",
	`tls.key: "Ag` + "CVwf79a7WbCpcQ4Fqkmp" + strings.Repeat("eF4XzCOtatF41rrR3JYF", 20) + `"`, `"key": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUEBxNl"`,
	`apiKey = "$2a$10$` + strings.Repeat("aB3.", 13) + `z"`, `longopt_pat = r'[a-zA-Z](?:[a-zA-Z0-9-]*)'`,
	`isValidAccessKey = regexp.MustCompile("^[a-zA-Z0-9]{5,20}$")`, `jsonkey = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"SsZsBNhZcF3Q9S4t\"}]}"`,
	`sshHostKey: "SHA256:dGVzdGtleQ8xZ2Rk4Wq"`, `S3-Sealed-Key: "IAAfALhsOeD5AE3s5Zgq3DZ5VFGsOa3B0ksVC86"`, "the public key \"RWTx5Zr1tiHQLwG9keckT0c45M3AGeHD6IvimQHp\"",
	"access_key: USWUXHGYZQYFYFFIT3RE/20170529/us-east-1/s3/aws4_request", "Token: `urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6`",
	"key: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB", "token: sha256:" + strings.Repeat("0e9d3f25", 4), `key: "\x01\x02\x03\x04"`,
}

func TestTokenDropsWords(t *testing.T) {
	for _, text := range words {
		for _, k := range []string{"token", "key"} {
			if bytes.Contains([]byte(text), []byte(k)) {
				if v := judge(t, "token", text, k); v.Plausible {
					t.Errorf("%s: plausible (%s)", text, v.Reason)
				}
				break
			}
		}
	}
}

func TestSecretName(t *testing.T) {
	for name, want := range map[string]plausible.Strength{
		"password": plausible.Surely, "DB_PASSWORD": plausible.Surely, "dbPassword2": plausible.Surely, "rootpw": plausible.Surely,
		"spring.datasource.password": plausible.Surely, "PGPASSWORD": plausible.Surely, "password_confirmation": plausible.Surely,
		"testPasswordOld": plausible.Surely, "passphrase": plausible.Surely, "jenkins_PSW": plausible.Surely,
		"api_key": plausible.Surely, "apikey": plausible.Surely, "X-Api-Key": plausible.Surely, "clientSecret": plausible.Surely,
		"secret_key_base": plausible.Surely, "AccountKey": plausible.Surely, "access_token": plausible.Surely, "GITHUB_TOKEN": plausible.Surely,
		"key": plausible.Perhaps, "token": plausible.Perhaps, "auth": plausible.Perhaps, "hotkeyless": plausible.NotSecret,
		"key_id": plausible.NotSecret, "AWS_ACCESS_KEY_ID": plausible.NotSecret, "token_url": plausible.NotSecret,
		"password_min_length": plausible.NotSecret, "auth_mode": plausible.NotSecret, "public_key": plausible.NotSecret,
		"TOKEN_VERSION": plausible.NotSecret, "keyboard": plausible.NotSecret, "monkey": plausible.NotSecret, "tokenizer": plausible.NotSecret,
		"foreign_key": plausible.NotSecret, "primaryKey": plausible.NotSecret, "cache_key": plausible.NotSecret, "sort_key": plausible.NotSecret,
		"csrf_token": plausible.NotSecret, "DB_PASSWORD_FILE": plausible.NotSecret, "SECRET_PATH": plausible.NotSecret,
		"secretName": plausible.NotSecret, "passwordPlaceholder": plausible.NotSecret, "author": plausible.NotSecret,
		"compass": plausible.NotSecret, "htpasswd": plausible.NotSecret, "publicKeyToken": plausible.NotSecret, "mac_seed": plausible.Perhaps, "secret_seed": plausible.Surely, "passwordKey": plausible.Perhaps,
		"X-Amz-Credential": plausible.Perhaps, "KeyMAC": plausible.NotSecret, "sha256_password": plausible.NotSecret, "": plausible.NotSecret, "_": plausible.NotSecret,
	} {
		if got, _ := plausible.SecretName([]byte(name)); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestEncoded(t *testing.T) {
	for _, c := range []struct {
		filter, template string
		want             bool
	}{
		{"basic", "{{b64 'deploy:hT7kq2Lw'}}", true},
		{"basic", "{{b64 'user:password'}}", false},
		{"basic", "{{b64 'no colon in it'}}", false},
		{"basic", "authentication", false},
		{"encoded", "{{b64 'hT7kq2LwRt5x'}}", true},
		{"encoded", "{{b64 '-----BEGIN CERTIFICATE-----'}}", false},
		{"encoded", "{{b64 '{{lit \"{{\"}} .Values.x }}'}}", false},

		{"encoded", "/path/to/my/usersfile", false},
		{"userpass", "{{hex 40}}:x-oauth-basic", true},
		{"userpass", "app:{{alnum 14}}", true},
		{"userpass", "guest:guest", true},
		{"userpass", "user:password", false},
		{"userpass", "user:$PASSWORD", false},
		{"userpass", "me:me", false},
		{"userpass", ":{{alnum 20}}", true},
	} {
		text, err := example.Expand(c.template, 1)
		if err != nil {
			continue // a template that the language has no form for
		}
		f, _ := plausible.Named(c.filter)
		v := f([]byte(text), assignment.Assignment{Value: assignment.Span{End: len(text)}})
		if v.Plausible != c.want {
			t.Errorf("%s %s: %+v", c.filter, c.template, v)
		}
	}
}

func TestOpaque(t *testing.T) {
	for text, want := range map[string]bool{
		"ToggleButtonBasicConfigComponent": false, "radiusCallingStationIdDescription": false, "some_settings_module_name": false,
		"${TOGGL_API_TOKEN}": false, "": false,
		strings.Repeat("0f1e2d3c", 4): true, "abcdefghijklmnopqrstuvwxyzabcdef": true, "12345678-ABCD-ABCD-ABCD-1234567890AB": true,
		"live_9f8e7d6c5b4a39281706f5e4": true, strings.Repeat("qX7", 9): true,
	} {
		f, _ := plausible.Named("opaque")
		if v := f([]byte(text), assignment.Assignment{Value: assignment.Span{End: len(text)}}); v.Plausible != want {
			t.Errorf("%s: %+v", text, v)
		}
	}
	missed := 0
	for seed := range uint64(300) {
		text, err := example.Expand("{{alnum 32}}", seed+1)
		if err != nil {
			t.Fatal(err)
		}
		if !plausible.Opaque([]byte(text), assignment.Assignment{Value: assignment.Span{End: len(text)}}).Plausible {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("%d of 300 random values dropped", missed)
	}
}

func TestNames(t *testing.T) {
	for _, n := range plausible.Names() {
		if _, ok := plausible.Named(n); !ok {
			t.Errorf("%s is listed and not known", n)
		}
	}
	if _, ok := plausible.Named("entropy"); ok {
		t.Error("a filter that is not listed is known")
	}
}

// FuzzJudge: no panic, the same verdict twice, and nothing further away than Around matters.
func FuzzJudge(f *testing.F) {
	for _, c := range passwords {
		i := bytes.Index([]byte(c.text), []byte(c.keyword))
		f.Add([]byte(c.text), uint16(max(i, 0)), uint8(len(c.keyword)))
	}
	f.Fuzz(func(t *testing.T, data []byte, start uint16, length uint8) {
		s, e := int(start), int(start)+int(length)
		if e > len(data) || s >= e {
			return
		}
		a, ok := assignment.ReadText(data, s, e)
		if !ok {
			a = assignment.Assignment{Value: assignment.Span{Start: s, End: e}}
		}
		for _, name := range plausible.Names() {
			filter, _ := plausible.Named(name)
			v := filter(data, a)
			if v != filter(data, a) {
				t.Fatalf("%s judges twice differently", name)
			}
			low := max(0, a.Value.Start-plausible.Around)
			if a.Name.Len() > 0 {
				low = max(0, a.Name.Start-plausible.Around)
			}
			high := min(len(data), a.Value.End+plausible.Around)
			b := a
			b.Value.Start, b.Value.End = b.Value.Start-low, b.Value.End-low
			if a.Name.Len() > 0 {
				b.Name.Start, b.Name.End = b.Name.Start-low, b.Name.End-low
			}
			if w := filter(data[low:high], b); w != v {
				t.Fatalf("%s: %+v in all of the text, %+v in the part that may matter", name, v, w)
			}
		}
	})
}

func BenchmarkPassword(b *testing.B) {
	b.ReportAllocs()
	data := make([][]byte, len(passwords))
	list := make([]assignment.Assignment, len(passwords))
	for i, c := range passwords {
		data[i] = []byte(c.text)
		j := max(bytes.Index(data[i], []byte(c.keyword)), 0)
		list[i], _ = assignment.ReadText(data[i], j, j+len(c.keyword))
	}
	for b.Loop() {
		for i := range list {
			plausible.Password(data[i], list[i])
		}
	}
}
