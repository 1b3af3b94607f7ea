package assignment_test

import (
	"bytes"
	"strings"
	"testing"

	"rummage/detect/assignment"
)

// forms are texts with the keyword whose first occurrence is the hit, and what is to be read there. A name of "-"
// means that there is no assignment.
var forms = []struct {
	title, text, keyword string
	name, value          string
	quoted               bool
}{
	{"ini", "password=hunter2\n", "pass", "password", "hunter2", false},
	{"ini with blanks", "password = hunter2\n", "pass", "password", "hunter2", false},
	{"quoted", `password = "hunter2"`, "pass", "password", "hunter2", true},
	{"single quotes", `password = 'hunter2'`, "pass", "password", "hunter2", true},
	{"backquotes", "password = `hunter2`", "pass", "password", "hunter2", true},
	{"yaml", "  db_password: hunter2\n  x: y", "pass", "db_password", "hunter2", false},
	{"yaml list", "- DB_PASSWORD=hunter2\r\n", "PASS", "DB_PASSWORD", "hunter2", false},
	{"yaml quoted", `password: "hunter2"`, "pass", "password", "hunter2", true},
	{"yaml flow", "{user: bob, password: hunter2}", "pass", "password", "hunter2", false},
	{"json", `{"user":"x","password":"hunter2"}`, "pass", "password", "hunter2", true},
	{"json, blanks", `"password" : "hunter2",`, "pass", "password", "hunter2", true},
	{"json in a string", `x := "{\"password\":\"hunter2\"}"`, "pass", "password", "hunter2", true},
	{"json in a string, twice", `"{\\\"password\\\":\\\"hunter2\\\"}"`, "pass", "password", "hunter2", true},
	{"json with a line between", "\"token\":\n    \"hunter2\"", "token", "token", "hunter2", true},
	{"php array", `'password' => 'hunter2',`, "pass", "password", "hunter2", true},
	{"ruby symbol", `:password => "hunter2"`, "pass", "password", "hunter2", true},
	{"ruby keyword", `login(password: 'hunter2')`, "pass", "password", "hunter2", true},
	{"go short", `password := "hunter2"`, "pass", "password", "hunter2", true},
	{"go typed", `const password string = "hunter2"`, "pass", "password", "hunter2", true},
	{"java", `String dbPassword = "hunter2";`, "Pass", "dbPassword", "hunter2", true},
	{"python typed", `password: str = "hunter2"`, "pass", "password", "hunter2", true},
	{"kotlin typed", `val password: String? = "hunter2"`, "pass", "password", "hunter2", true},
	{"rust typed", `const TOKEN: &str = "hunter2";`, "TOKEN", "TOKEN", "hunter2", true},
	{"c array", `char password[32] = "hunter2";`, "pass", "password", "hunter2", true},
	{"python prefix", `password = b'hunter2'`, "pass", "password", "hunter2", true},
	{"c sharp prefix", `password = @"hunter2";`, "pass", "password", "hunter2", true},
	{"triple quotes", `token = """hunter2"""`, "token", "token", "hunter2", true},
	{"escaped mark", `password = "hun\"ter2"`, "pass", "password", `hun\"ter2`, true},
	{"member", `self.password = "hunter2"`, "pass", "self.password", "hunter2", true},
	{"arrow member", `server->password = "hunter2"`, "pass", "password", "hunter2", true},
	{"index", `config["password"] = "hunter2"`, "pass", "password", "hunter2", true},
	{"index, single", `$_POST['password'] = 'hunter2'`, "pass", "password", "hunter2", true},
	{"element", "<password>hunter2</password>", "pass", "password", "hunter2", true},
	{"element with space", "<ns:password>\n  hunter2\n</ns:password>", "pass", "password", "hunter2", false},
	{"element named", `<string name="api_key">hunter2</string>`, "api_key", "api_key", "hunter2", true},
	{"attribute", `<user name="x" password="hunter2"/>`, "pass", "password", "hunter2", true},
	{"attribute pair", `<add key="SmtpPassword" value="hunter2"/>`, "Pass", "SmtpPassword", "hunter2", true},
	{"yaml pair", "- name: DB_PASSWORD\n  value: hunter2\n", "PASS", "DB_PASSWORD", "hunter2", false},
	{"yaml pair, quoted", "- name: DB_PASSWORD\n  value: \"hunter2\"\n", "PASS", "DB_PASSWORD", "hunter2", true},
	{"json pair", `{"name": "DB_PASSWORD", "value": "hunter2"}`, "PASS", "DB_PASSWORD", "hunter2", true},
	{"property list", "<key>password</key>\n\t<string>hunter2</string>", "pass", "password", "hunter2", true},
	{"hadoop", "<name>db.password</name>\n<value>hunter2</value>", "pass", "db.password", "hunter2", true},
	{"flag", "cmd --password hunter2 --force", "pass", "password", "hunter2", false},
	{"flag, equals", "cmd --db-password=hunter2 x", "pass", "db-password", "hunter2", false},
	{"flag, quoted", "cmd --password 'hunter2' x", "pass", "password", "hunter2", true},
	{"java property", "java -Ddb.password=hunter2 -jar x", "pass", "db.password", "hunter2", false},
	{"setter", `user.setPassword("hunter2")`, "Pass", "setPassword", "hunter2", true},
	{"builder", `.password("hunter2")`, "pass", "password", "hunter2", true},
	{"environment", "PGPASSWORD=hunter2 psql -h db", "PASS", "PGPASSWORD", "hunter2", false},
	{"export", `export DB_PASSWORD="hunter2"`, "PASS", "DB_PASSWORD", "hunter2", true},
	{"define", `define('DB_PASSWORD', 'hunter2');`, "PASS", "DB_PASSWORD", "hunter2", true},
	{"put", `map.put("password", "hunter2");`, "pass", "password", "hunter2", true},
	{"gradle field", `buildConfigField "String", "API_KEY", "hunter2"`, "API_KEY", "API_KEY", "hunter2", true},
	{"template default", "${DB_PASSWORD:-hunter2}", "PASS", "DB_PASSWORD", "hunter2", false},
	{"template default, dash", "${DB_PASSWORD-hunter2}", "PASS", "DB_PASSWORD", "hunter2", false},
	{"template default, spring", "x: ${DB_PASSWORD:hunter2}", "PASS", "DB_PASSWORD", "hunter2", false},
	{"template default, nested", "${A_TOKEN:-${B_TOKEN:-hunter2}}", "B_TOKEN", "B_TOKEN", "hunter2", false},
	{"query", "https://h/p?token=hunter2&x=1", "token", "token", "hunter2", false},
	{"query, middle", "https://h/p?x=1&token=hunter2#frag", "token", "token", "hunter2", false},
	{"form body", "user=x&password=hunter2&y=z", "pass", "password", "hunter2", false},
	{"comparison", `if password == "hunter2" {`, "pass", "password", "hunter2", true},
	{"strict comparison", `if (token === 'hunter2')`, "token", "token", "hunter2", true},
	{"sql", `CREATE ROLE x PASSWORD 'hunter2'`, "PASS", "PASSWORD", "hunter2", true},
	{"connection string", "Server=x;Password=hunter2;Database=y", "Pass", "Password", "hunter2", false},
	{"wrapped", `password := []byte("hunter2")`, "pass", "password", "hunter2", true},
	{"wrapped twice", `key = createKey(Buffer.from('hunter2', 'hex'))`, "key", "key", "hunter2", true},
	{"prose", `The password is "hunter2".`, "pass", "password", "hunter2", true},
	{"python repr", "Connection(db=0,password=hunter2,host=x)", "pass", "password", "hunter2", false},
	{"escape ends", `"USER=x\nPASS=hunter2\n"`, "PASS", "PASS", "hunter2", false},
	{"comment", "# password = hunter2", "pass", "password", "hunter2", false},
	{"table", "| password=hunter2| x |", "pass", "password", "hunter2", false},
	{"base64 padding", "token: aHVudGVyMg==\n", "token", "token", "aHVudGVyMg==", false},
	{"name of words", `"api key": "hunter2"`, "key", "api key", "hunter2", true},
	{"npmrc", "//r.example.org/:_authToken=hunter2", "auth", "_authToken", "hunter2", false},

	{"fallback", "process.env.DB_PASSWORD || 'hunter2'", "PASS", "process.env.DB_PASSWORD", "hunter2", true},
	{"fallback of null", `config.password ?? "hunter2"`, "pass", "config.password", "hunter2", true},
	{"fallback of a call", `os.environ.get("DB_PASSWORD") or "hunter2"`, "PASS", "DB_PASSWORD", "hunter2", true},
	{"fallback of an index", `ENV["DB_PASSWORD"] || "hunter2"`, "PASS", "DB_PASSWORD", "hunter2", true},
	{"fallback of php", `getenv('DB_PASSWORD') ?: 'hunter2'`, "PASS", "DB_PASSWORD", "hunter2", true},
	{"condition", "if (password || other) {", "pass", "-", "", false},
	{"parameter of azure", "\"adminPassword\": {\n  \"value\": \"hunter2\"\n}", "Pass", "adminPassword", "hunter2", true},
	{"template of azure", "\"adminPassword\": { \"type\": \"string\", \"defaultValue\": \"hunter2\" }", "Pass", "adminPassword", "hunter2", true},
	{"terraform", "variable \"db_password\" {\n  type = string\n  default = \"hunter2\"\n}", "pass", "db_password", "hunter2", true},

	{"empty at the end", "PASSWORD=", "PASS", "PASSWORD", "", false},
	{"empty before a line", "PASSWORD=\nOTHER=x", "PASS", "PASSWORD", "", false},
	{"empty before a quoted line", "PASSWORD=\n'x'", "PASS", "PASSWORD", "", false},
	{"empty yaml", "password:\n  next: line", "pass", "password", "", false},
	{"literal that ends", `"PASSWORD="+password`, "PASS", "PASSWORD", "", false},
	{"literal that ends, blank", `out.split("default password: ")[1].split("x")`, "pass", "password", "", false},
	{"one way of two lines", "const token =\n    'hunter2'", "token", "token", "hunter2", true},

	{"argument of another thing", `password = conf.getString("db.password")`, "pass", "password", "conf.getString(", false},
	{"encoding", "password = password.encode('utf-8')", "pass", "password", "password.encode(", false},
	{"escape behind a comma", `"x: false,\n  password: false,\n"`, "pass", "password", "false", false},
	{"description of a flag", "  --password         password of the user", "pass", "-", "", false},
	{"two flags", "select('-password -rights')", "pass", "-", "", false},
	{"placeholder before a line", "<PUT_YOUR_PASSWORD_HERE>\nEOL'\n", "PASSWORD", "-", "", false},
	{"placeholder before an element", "user=<user> password=<password> x=y\n<b>", "word>", "-", "", false},
	{"user of credentials", `client.setCredentials("hunter1", "hunter2")`, "Cred", "-", "", false},
	{"type", "Password x = isOlderThan_3_6_2", "Pass", "-", "", false},
	{"lookup", `lookup('laps_password', 'host10')`, "pass", "-", "", false},
	{"behind a mark of HTML", "lock token=hunter2&gt;)", "token", "token", "hunter2", false},
	{"part of a URL", "http://<username>:<password>@host", "pass", "-", "", false},

	{"list of words", `["user", "password", "secret"]`, "pass", "-", "", false},
	{"tail of a string", `"wrong password": x`, "pass", "wrong password", "x", false},
	{"value", `x = "password"`, "pass", "-", "", false},
	{"call", `check(password)`, "pass", "-", "", false},
	{"method of a member", `pwd.decode("utf8")`, "pwd", "-", "", false},
	{"pattern match", `password =~ /x/`, "pass", "-", "", false},
	{"scope", `Password::check(x)`, "Pass", "-", "", false},
	{"fields", "user:password:id:name", "pass", "-", "", false},
	{"required variable", "${PASSWORD:?must be set}", "PASS", "-", "", false},
	{"plain variable", "${PASSWORD}", "PASS", "-", "", false},
	{"flag of one letter", "mysql -psecret db", "secret", "-", "", false},
}

func TestReadText(t *testing.T) {
	for _, f := range forms {
		t.Run(f.title, func(t *testing.T) {
			// The form must read the same whatever stands far away.
			for _, pad := range []string{"", "\n", strings.Repeat("x y\n", 200)} {
				data := []byte(pad + f.text)
				i := bytes.Index(data, []byte(f.keyword))
				if i < 0 {
					t.Fatalf("%q is not in the text", f.keyword)
				}
				a, ok := assignment.ReadText(data, i, i+len(f.keyword))
				if !ok {
					if f.name != "-" {
						t.Fatalf("no assignment in %q", f.text)
					}
					continue
				}
				got := [2]string{string(a.Name.Of(data)), string(a.Value.Of(data))}
				if want := [2]string{f.name, f.value}; got != want || a.Quoted != f.quoted {
					t.Fatalf("%q: name %q, value %q, quoted %v; want %q, %q, %v", f.text, got[0], got[1], a.Quoted, f.name, f.value, f.quoted)
				}
				if a.Context != assignment.Text || a.Decoded != nil {
					t.Errorf("context %q, decoded %q", a.Context, a.Decoded)
				}
			}
		})
	}
}

func TestReadTextBounds(t *testing.T) {
	long := strings.Repeat("a", assignment.MaxName)
	if _, ok := assignment.ReadText([]byte(long+"password=x"), len(long), len(long)+8); ok {
		t.Error("a name longer than MaxName was read")
	}
	value := strings.Repeat("v", 2*assignment.MaxValue)
	data := []byte(`password = "` + value + `"`)
	a, ok := assignment.ReadText(data, 0, 8)
	if !ok || a.Value.Len() != assignment.MaxValue || a.Quoted {
		t.Errorf("a long value: %v %v, want %d bytes and not quoted", a, ok, assignment.MaxValue)
	}
	for _, hit := range [][2]int{{-1, 2}, {0, 0}, {3, 2}, {0, 1000}} {
		if _, ok := assignment.ReadText([]byte("password=x"), hit[0], hit[1]); ok {
			t.Errorf("hit %v was read", hit)
		}
	}
}

// FuzzReadText: spans lie inside the data and in order, the hit is inside the name, and the text outside the
// documented reach does not matter.
func FuzzReadText(f *testing.F) {
	for _, form := range forms {
		i := strings.Index(form.text, form.keyword)
		f.Add([]byte(form.text), uint16(i), uint8(len(form.keyword)))
	}
	f.Fuzz(func(t *testing.T, data []byte, start uint16, length uint8) {
		s, e := int(start), int(start)+int(length)
		if e > len(data) {
			return
		}
		a, ok := assignment.ReadText(data, s, e)
		if !ok {
			return
		}
		for _, span := range []assignment.Span{a.Name, a.Value} {
			if span.Start < 0 || span.Start > span.End || span.End > len(data) {
				t.Fatalf("span %v of %d bytes", span, len(data))
			}
		}
		if a.Name.Len() == 0 || a.Name.Len() > assignment.MaxName || a.Value.Len() > assignment.MaxValue || a.Value.Start < a.Name.End {
			t.Fatalf("name %v, value %v", a.Name, a.Value)
		}
		low, high := max(0, s-assignment.TextBefore), min(len(data), e+assignment.TextAfter)
		b, ok := assignment.ReadText(data[low:high], s-low, e-low)
		b.Name.Start, b.Name.End, b.Value.Start, b.Value.End = b.Name.Start+low, b.Name.End+low, b.Value.Start+low, b.Value.End+low
		if !ok || b.Name != a.Name || b.Value != a.Value || b.Quoted != a.Quoted {
			t.Fatalf("%v in all of the text, %v (%v) within reach", a, b, ok)
		}
	})
}

func BenchmarkReadText(b *testing.B) {
	texts, total := make([][]byte, len(forms)), 0
	for i, f := range forms {
		texts[i] = []byte(f.text)
		total += len(f.text)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for i, f := range forms {
			hit := strings.Index(f.text, f.keyword)
			assignment.ReadText(texts[i], hit, hit+len(f.keyword))
		}
	}
}
