package checksum

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Schemes that only take a token apart. They tell real tokens from text of the same shape, not from altered tokens.
var structureSchemes = []*Scheme{
	{name: "jwt", strength: Structure, valid: validJWT, make: makeJWT},
	{name: "pypi", strength: Structure, prefixes: []string{"pypi-"}, valid: validPyPI, make: makePyPI},
	{name: "sentry", strength: Structure, prefixes: []string{"sntrys_"}, valid: validSentry, make: makeSentry},
	{name: "1password", strength: Structure, prefixes: []string{"ops_"}, valid: valid1Password, make: make1Password},
	{name: "openai", strength: Structure, prefixes: []string{"sk-", "sk-proj-", "sk-svcacct-", "sk-admin-"},
		valid: validOpenAI, make: makeOpenAI},
	{name: "aws-access-key-id", strength: Structure, prefixes: []string{"AKIA", "ASIA"}, valid: validAWS, make: makeAWS},
	{name: "basic-auth", strength: Structure, valid: validBasic, make: makeBasic},
	{name: "pem", strength: Structure, open: true, prefixes: []string{"PRIVATE KEY"}, valid: validPEM, make: makePEM},
}

func encodeURL(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// object decodes base64 JSON; ok is false when it is no JSON object.
func object(b []byte) (o map[string]json.RawMessage, ok bool) {
	data, ok := decode64(b)
	if !ok || json.Unmarshal(data, &o) != nil {
		return nil, false
	}
	return o, o != nil
}

// A JSON web token is header.payload.signature (RFC 7515), or five parts when encrypted (RFC 7516); each base64url,
// the header an object with "alg". A token without signature proves nothing to anybody and is not valid here.
func validJWT(token []byte) bool {
	parts := bytes.Split(token, []byte("."))
	if len(parts) != 3 && len(parts) != 5 {
		return false
	}
	header, ok := object(parts[0])
	if !ok || header["alg"] == nil || len(parts[len(parts)-1]) == 0 {
		return false
	}
	if len(parts) == 3 {
		if _, ok := object(parts[1]); !ok {
			return false
		}
	}
	for _, p := range parts {
		if !within(bytes.TrimRight(p, "="), base64URL) {
			return false
		}
	}
	return true
}

func makeJWT(_ string, r Rand) string {
	header := encodeURL(`{"alg":"HS256","typ":"JWT"}`)
	payload := encodeURL(`{"sub":"` + draw(digits, 10, r) + `","jti":"` + draw(alnum, 22, r) + `","iat":17` + draw(digits, 8, r) + `}`)
	return header + "." + payload + "." + encodeURL(string(drawBytes(32, r)))
}

// A PyPI token is "pypi-" and a version 2 macaroon in base64url: location (pypi.org or test.pypi.org), identifier,
// caveats, and last a packet of type 6 with the 32 bytes of the signature.
// https://pypi.org/help/#apitoken and https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt
func validPyPI(token []byte) bool {
	body, ok := bytes.CutPrefix(token, []byte("pypi-"))
	if !ok {
		return false
	}
	data, ok := decode64(body)
	if !ok || len(data) < 2+1+34 {
		return false
	}
	rest, ok := bytes.CutPrefix(data, []byte{2, 1})
	if !ok {
		return false
	}
	location := rest[1:]
	if n := int(rest[0]); n <= len(location) {
		location = location[:n]
	}
	if s := string(location); s != "pypi.org" && s != "test.pypi.org" {
		return false
	}
	return bytes.HasPrefix(data[len(data)-34:], []byte{6, 32})
}

func makePyPI(_ string, r Rand) string {
	packet := func(kind byte, data string) string { return string([]byte{kind, byte(len(data))}) + data }
	id := strings.Join([]string{draw(digits, 8, r), draw(digits, 4, r), draw(digits, 4, r), draw(digits, 4, r), draw(digits, 12, r)}, "-")
	return "pypi-" + encodeURL("\x02"+packet(1, "pypi.org")+packet(2, id)+"\x00"+
		packet(2, `{"permissions": "user", "version": 1}`)+"\x00\x00"+packet(6, string(drawBytes(32, r))))
}

// A Sentry organization token is "sntrys_", base64 JSON with the time of issue, "_" and 32 bytes in base64.
// https://github.com/getsentry/sentry, orgauthtoken_token.py
func validSentry(token []byte) bool {
	body, ok := bytes.CutPrefix(token, []byte("sntrys_"))
	cut := bytes.LastIndexByte(body, '_')
	if !ok || cut < 0 || bytes.IndexByte(body[:cut], '_') >= 0 {
		return false
	}
	payload, ok := object(body[:cut])
	secret, good := decode64(body[cut+1:])
	return ok && good && payload["iat"] != nil && len(secret) == 32
}

func makeSentry(prefix string, r Rand) string {
	payload := `{"iat":17` + draw(digits, 8, r) + `.` + draw(digits[1:], 6, r) +
		`,"url":"https://sentry.io","region_url":"https://us.sentry.io","org":"` + draw(lower, 6, r) + `"}`
	secret := base64.RawStdEncoding.EncodeToString(drawBytes(32, r))
	return prefix + base64.StdEncoding.EncodeToString([]byte(payload)) + "_" + secret
}

// A 1Password service account token is "ops_" and base64url JSON with the account's keys.
// https://developer.1password.com/docs/service-accounts/security/
func valid1Password(token []byte) bool {
	body, ok := bytes.CutPrefix(token, []byte("ops_"))
	if !ok {
		return false
	}
	o, ok := object(body)
	return ok && (o["signInAddress"] != nil || o["email"] != nil || o["muk"] != nil)
}

func make1Password(prefix string, r Rand) string {
	return prefix + encodeURL(`{"signInAddress":"my.1password.com","userAuth":{"method":"SRPg-4096","alg":"PBES2g-HS256","iterations":650000,"salt":"`+
		draw(base64URL, 22, r)+`"},"email":"`+draw(lower, 13, r)+`@1passwordserviceaccounts.com","srpX":"`+hex.EncodeToString(drawBytes(32, r))+
		`","muk":{"alg":"A256GCM","ext":true,"k":"`+draw(base64URL, 43, r)+`","kty":"oct"},"secretKey":"A3-`+draw(digits+upper, 6, r)+`","deviceUuid":"`+draw(lower, 26, r)+`"}`)
}

// An OpenAI key has "T3BlbkFJ", the base64 of "OpenAI", in the middle, with the same number of random characters
// on both sides: 20, or 58 or 74 after the prefixes that name a kind.
// https://platform.openai.com/docs/api-reference/authentication; the lengths are those of published samples.
const openAIMark = "T3BlbkFJ"

func validOpenAI(token []byte) bool {
	body, ok := bytes.CutPrefix(token, []byte("sk-"))
	if !ok {
		return false
	}
	sides := []int{20}
	for _, kind := range []string{"proj-", "svcacct-", "admin-"} {
		if rest, ok := bytes.CutPrefix(body, []byte(kind)); ok {
			body, sides = rest, []int{58, 74, 20}
			break
		}
	}
	for _, n := range sides {
		if len(body) == 2*n+len(openAIMark) && string(body[n:n+len(openAIMark)]) == openAIMark {
			return within(body, base64URL)
		}
	}
	return false
}

func makeOpenAI(prefix string, r Rand) string {
	if prefix == "sk-" {
		return prefix + draw(alnum, 20, r) + openAIMark + draw(alnum, 20, r)
	}
	return prefix + draw(base64URL, 74, r) + openAIMark + draw(base64URL, 74, r)
}

// An AWS access key id is a four-letter kind and 16 characters of base32, the first 48 bits of which hold the
// account number from their second bit on; ids from before 2019 begin with I or J and hold none. Account numbers
// have twelve digits, so about one random string in ten fails, and all with 0, 1, 8 or 9.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func validAWS(token []byte) bool {
	if len(token) != 20 || !within(token[:4], upper) {
		return false
	}
	raw, err := base32.StdEncoding.DecodeString(string(token[4:]))
	if err != nil || len(raw) != 10 {
		return false
	}
	var v uint64
	for _, b := range raw[:6] {
		v = v<<8 | uint64(b)
	}
	return token[4] == 'I' || token[4] == 'J' || v&(1<<47-1)>>7 <= 999_999_999_999
}

func makeAWS(prefix string, r Rand) string {
	// Q to V: the bit that new ids have set, and an account number below 412,316,860,416. The digit at the end is
	// for Spoil, which no change from letter to letter would help.
	return prefix + draw("QRSTUV", 1, r) + draw(upper+"234567", 14, r) + draw("234567", 1, r)
}

// The credentials of HTTP's Basic scheme are the base64 of user:password (RFC 7617), here both present, printable
// and in UTF-8.
func validBasic(token []byte) bool {
	data, ok := decode64(token)
	if !ok || !utf8.Valid(data) || bytes.ContainsFunc(data, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return false
	}
	user, password, ok := bytes.Cut(data, []byte(":"))
	return ok && len(bytes.TrimSpace(user)) > 0 && len(bytes.TrimSpace(password)) > 0
}

func makeBasic(_ string, r Rand) string {
	return base64.StdEncoding.EncodeToString([]byte(draw(lower, 7, r) + ":" + draw(alnum, 14, r)))
}
