package checksum

import (
	"encoding/base64"
	"strings"
	"testing"
)

func mustLookup(t *testing.T, name string) *Scheme {
	t.Helper()
	s, ok := Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

// The samples of SymCrypt's self-test.
func TestMarvin(t *testing.T) {
	for _, c := range []struct {
		seed uint64
		data string
		want uint32
	}{
		{0xd53cd9cecd0893b7, "abc", 0x6be02a86},
		{0x0ddddeeeeffff000, "abcdefghijklmnopqrstuvwxyz", 0xd34847dc},
		{0x004fb61a001bdbcc, "", 0x302009bc},
		{0x004fb61a001bdbcc, "\xaf", 0x3592e206},
		{0x004fb61a001bdbcc, "\xe7\x0f", 0xfdab5e04},
		{0x004fb61a001bdbcc, "\x37\xf4\x95", 0x6b3c8b90},
	} {
		if got := marvin32([]byte(c.data), c.seed); got != c.want {
			t.Errorf("marvin32(%q) = %#x, want %#x", c.data, got, c.want)
		}
	}
}

// Check values of the catalogue of CRC algorithms.
func TestCRC(t *testing.T) {
	if got := crc16([]byte("123456789")); got != 0x31c3 {
		t.Errorf("crc16 = %#x", got)
	}
	if got := crc24([]byte("123456789")); got != 0x21cf02 {
		t.Errorf("crc24 = %#x", got)
	}
}

// Samples of BIP 173.
func TestBech32(t *testing.T) {
	for text, want := range map[string]bool{
		"a12uel5l": true,
		"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw":                true,
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": true,
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3x": false,
		"1pzry9x0s0muk":    false,
		"pzry9x0s0muk":     false,
		"x1b4n0q5v":        false,
		"li1dgmt3":         false,
		"":                 false,
		"a12uel5" + "\x7f": false,
	} {
		if got := bech32Valid(text); got != want {
			t.Errorf("bech32Valid(%q) = %v", text, got)
		}
	}
}

func TestAgePlugin(t *testing.T) {
	s := mustLookup(t, "age")
	// An identity of a plugin has the plugin's name in its human-readable part.
	for name, want := range map[string]bool{"AGE-PLUGIN-YUBIKEY-1": true, "AGE-OTHER-KEY-1": false} {
		if got := s.Valid([]byte(makeAge(name, seeded(2)))); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	token := makeAge("AGE-SECRET-KEY-1", seeded(2))
	if len(token) != 74 {
		t.Errorf("an age identity has 74 characters, not %d", len(token))
	}
	if s.Valid([]byte(strings.ToLower(token))) {
		t.Error("lower case accepted")
	}
}

func TestGitLab(t *testing.T) {
	s := mustLookup(t, "gitlab-routable")
	head := "AQEBAQEBAQEBAQEBAQEBAW86MQp1OmEH"
	tail := "00p1yua"
	for name, c := range map[string]struct {
		token string
		want  bool
	}{
		"right":             {"glpat-" + head + ".01.0w" + tail, true},
		"other prefix":      {"glrt-" + head + ".01.0w" + tail, false},
		"length too long":   {"glpat-" + head + ".01.zz" + tail, false},
		"no dot":            {"glpat-" + head + "0w" + tail, false},
		"classic":           {"glpat-" + strings.Repeat("a", 20), false},
		"only a tail":       {".0w" + tail, false},
		"upper case digits": {"glpat-" + head + ".01.0W" + tail, false},
	} {
		if got := s.Valid([]byte(c.token)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAzureKeyOfEachService(t *testing.T) {
	s := mustLookup(t, "azure-key")
	for n, service := range azureServices {
		token, err := s.Make(service.signature, seeded(uint64(n)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(token, service.signature) || len(token) != len(service.encode(make([]byte, service.bytes))) {
			t.Errorf("%s: made %d characters", service.signature, len(token))
		}
		// The signature of another service is another kind of key.
		for _, other := range azureServices {
			if other.signature != service.signature && s.Valid([]byte(strings.Replace(token, service.signature, other.signature, 1))) {
				t.Errorf("%s passes as %s", service.signature, other.signature)
			}
		}
	}
}

func TestCASKForms(t *testing.T) {
	s := mustLookup(t, "azure-cask")
	token, _ := s.Make("", seeded(5))
	head := token[:caskSum]
	data, _ := decode64([]byte(head))
	for _, sum := range caskSums(data) {
		for _, tail := range []string{sum[:4], sum + "=="} {
			if !s.Valid([]byte(head + tail)) {
				t.Errorf("a key that ends in %d characters of its sum is refused", len(tail))
			}
		}
	}
	if s.Valid([]byte(head + "AAAA")) {
		t.Error("wrong sum accepted")
	}
	if got := caskText("4gfFC3"); got != "4gfFCw" {
		t.Errorf("caskText = %s", got)
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestStructures(t *testing.T) {
	header, payload := encodeURL(`{"alg":"ES256"}`), encodeURL(`{"sub":"1"}`)
	id := strings.Repeat
	for _, c := range []struct {
		scheme, what, token string
		want                bool
	}{
		{"jwt", "plain", header + "." + payload + ".c2ln", true},
		{"jwt", "encrypted", header + ".a2V5.aXY.Y2lwaGVy.dGFn", true},
		{"jwt", "unsigned", header + "." + payload + ".", false},
		{"jwt", "two parts", header + "." + payload, false},
		{"jwt", "no alg", encodeURL(`{"typ":"JWT"}`) + "." + payload + ".c2ln", false},
		{"jwt", "header is a list", encodeURL(`["alg"]`) + "." + payload + ".c2ln", false},
		{"jwt", "header is null", encodeURL(`null`) + "." + payload + ".c2ln", false},
		{"jwt", "payload is text", header + "." + encodeURL("hello") + ".c2ln", false},
		{"jwt", "space in the signature", header + "." + payload + ".c2 n", false},

		{"pypi", "other index", "pypi-" + encodeURL("\x02\x01\x0bexample.org"+id("\x00", 40)+"\x06\x20"+id("s", 32)), false},
		{"pypi", "test index", "pypi-" + encodeURL("\x02\x01\x0dtest.pypi.org"+id("\x00", 40)+"\x06\x20"+id("s", 32)), true},
		{"pypi", "cut short", "pypi-" + encodeURL("\x02\x01\x08pypi.org"+id("\x00", 60)), false},
		{"pypi", "length beyond the end", "pypi-" + encodeURL("\x02\x01\xffpypi.org"+id("\x00", 40)+"\x06\x20"+id("s", 32)), false},

		{"sentry", "good", "sntrys_" + b64(`{"iat":1.5,"org":"x"}`) + "_" + encodeURL(id("\x01", 32)), true},
		{"sentry", "no time", "sntrys_" + b64(`{"org":"x"}`) + "_" + encodeURL(id("\x01", 32)), false},
		{"sentry", "no secret", "sntrys_" + b64(`{"iat":1}`), false},
		{"sentry", "three parts", "sntrys_" + b64(`{"iat":1}`) + "_a_" + encodeURL(id("\x01", 32)), false},

		{"1password", "good", "ops_" + encodeURL(`{"signInAddress":"a"}`), true},
		{"1password", "other JSON", "ops_" + encodeURL(`{"a":"a"}`), false},
		{"1password", "cut short", "ops_" + encodeURL(`{"signInAddress":"a`), false},

		{"openai", "classic", "sk-" + id("a", 20) + openAIMark + id("b", 20), true},
		{"openai", "project", "sk-proj-" + id("a", 58) + openAIMark + id("b", 58), true},
		{"openai", "uneven", "sk-" + id("a", 20) + openAIMark + id("b", 21), false},
		{"openai", "no mark", "sk-" + id("a", 48), false},
		{"openai", "bad character", "sk-" + id("a", 19) + "." + openAIMark + id("b", 20), false},

		{"aws-access-key-id", "old", "AKIA" + "J" + id("7", 15), true},
		{"aws-access-key-id", "account 0", "AKIA" + "Q" + id("A", 15), true},
		{"aws-access-key-id", "account of 13 digits", "AKIA" + id("7", 16), false},
		{"aws-access-key-id", "digit 1", "AKIA" + "Q" + id("1", 15), false},
		{"aws-access-key-id", "too short", "AKIA" + "Q" + id("A", 14), false},

		{"basic-auth", "good", b64("user:" + "hunter"), true},
		{"basic-auth", "no user", b64(":hunter"), false},
		{"basic-auth", "no password", b64("hunter: "), false},
		{"basic-auth", "no colon", b64("hunterhunter"), false},
		{"basic-auth", "binary", b64("user:\x00\x01"), false},
		{"basic-auth", "not base64", "user:hunter", false},
	} {
		if got := mustLookup(t, c.scheme).Valid([]byte(c.token)); got != c.want {
			t.Errorf("%s, %s: %v", c.scheme, c.what, got)
		}
	}
}

func TestPEM(t *testing.T) {
	s := mustLookup(t, "pem")
	rsa, _ := s.Make("RSA PRIVATE KEY", seeded(1))
	ssh, _ := s.Make("OPENSSH PRIVATE KEY", seeded(1))
	pgp, _ := s.Make("PGP PRIVATE KEY BLOCK", seeded(1))
	body := strings.Split(rsa, "\n")
	quoted := `"` + strings.Join(body, "\\n\" +\n    \"") + `"`
	for name, c := range map[string]struct {
		block string
		want  bool
	}{
		"as made":        {rsa, true},
		"CRLF":           {strings.ReplaceAll(rsa, "\n", "\r\n"), true},
		"escaped":        {strings.ReplaceAll(rsa, "\n", `\n`), true},
		"twice escaped":  {strings.ReplaceAll(rsa, "\n", `\\n`), true},
		"indented":       {strings.ReplaceAll(rsa, "\n", "\n    "), true},
		"joined strings": {quoted, true},
		"spaces":         {body[0] + " " + strings.Join(body[1:len(body)-1], " ") + " " + body[len(body)-1], true},
		"OpenSSH":        {ssh, true},
		"PGP":            {pgp, true},
		"PGP, wrong sum": {strings.Replace(pgp, "\n-----END", "\n=AAAA\n-----END", 1), false},
		"cut body":       {strings.Join(append(append([]string{}, body[:5]...), body[len(body)-1]), "\n"), false},
		"dots":           {body[0] + "\n...\n" + body[len(body)-1], false},
		"no end":         {body[0] + "\n" + body[1], false},
		"other end":      {strings.Replace(rsa, "-----END RSA", "-----END EC", 1), false},
		"DER as OpenSSH": {strings.ReplaceAll(rsa, "RSA", "OPENSSH"), false},
		"OpenSSH as DER": {strings.ReplaceAll(ssh, "OPENSSH", "EC"), false},
		"encrypted": {pemBegin + "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" +
			b64(strings.Repeat("x", 48)) + "\n" + pemEnd + "RSA PRIVATE KEY-----", true},
	} {
		if got := s.Valid([]byte(c.block)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
