package checksum

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"strings"
)

// crcForm is a token of a prefix, a random body and the CRC-32 (IEEE) of the body.
type crcForm struct {
	prefixes []string
	alphabet string // of the body
	body     int    // length of the body
	sep      string // between body and sum
	whole    bool   // the sum is of prefix and body
	encode   func(sum uint32) string
}

func (f *crcForm) sum(prefix, body string) string {
	if f.whole {
		body = prefix + body
	}
	return f.encode(crc32.ChecksumIEEE([]byte(body)))
}

func (f *crcForm) valid(token []byte) bool {
	for _, p := range f.prefixes {
		rest, ok := bytes.CutPrefix(token, []byte(p))
		if !ok || len(rest) <= f.body || !within(rest[:f.body], f.alphabet) {
			continue
		}
		body := string(rest[:f.body])
		return string(rest[f.body:]) == f.sep+f.sum(p, body)
	}
	return false
}

func (f *crcForm) make(prefix string, r Rand) string {
	body := draw(f.alphabet, f.body, r)
	return prefix + body + f.sep + f.sum(prefix, body)
}

func (f *crcForm) scheme(name string) *Scheme {
	return &Scheme{name: name, strength: Sum, prefixes: f.prefixes, valid: f.valid, make: f.make}
}

func base62Six(sum uint32) string { return number(sum, alnum, 6) }

func hexBig(sum uint32) string { return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, sum)) }

func hexLittle(sum uint32) string {
	return hex.EncodeToString(binary.LittleEndian.AppendUint32(nil, sum))
}

var crcSchemes = []*Scheme{
	// 30 characters and their CRC in six base-62 digits, zero-padded. Fine-grained tokens (github_pat_) carry a
	// checksum too, but its construction is unpublished, so they are not here.
	// https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
	(&crcForm{prefixes: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, alphabet: alnum, body: 30,
		encode: base62Six}).scheme("github"),

	// GitHub's form with npm's prefix.
	// https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/
	(&crcForm{prefixes: []string{"npm_"}, alphabet: alnum, body: 30, encode: base62Six}).scheme("npm"),

	// Personal, integration, app access, app refresh and AI gateway tokens. https://vercel.com/docs/cli/tokens names
	// the prefixes; the construction is that of published sample tokens.
	(&crcForm{prefixes: []string{"vcp_", "vci_", "vca_", "vcr_", "vck_"}, alphabet: alnum, body: 50,
		encode: base62Six}).scheme("vercel"),

	// Global API key, user token, account token: "40 characters and a checksum"; that it is a CRC in hex is from
	// published sample tokens. https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/
	(&crcForm{prefixes: []string{"cfk_", "cfut_", "cfat_"}, alphabet: alnum, body: 40,
		encode: hexBig}).scheme("cloudflare"),

	// As published sample tokens have it; the sum covers the prefix.
	// https://docs.apify.com/platform/integrations/api
	(&crcForm{prefixes: []string{"apify_api_"}, alphabet: alnum, body: 30, whole: true,
		encode: base62Six}).scheme("apify"),

	// "zpka", a random part and a signature. https://zuplo.com/docs/articles/api-key-leak-detection
	(&crcForm{prefixes: []string{"zpka_"}, alphabet: base36, body: 32, sep: "_", encode: hexBig}).scheme("zuplo"),

	// Client secret of a Canva Connect integration, as a published sample has it; the sum covers the prefix.
	// https://www.canva.dev/docs/connect/authentication/
	(&crcForm{prefixes: []string{"cnvca"}, alphabet: base64URL, body: 43, whole: true, encode: hexBig}).scheme("canva"),

	// Service account token: the sum covers the prefix and stands least significant byte first.
	// https://github.com/grafana/grafana, package satokengen
	(&crcForm{prefixes: []string{"glsa_"}, alphabet: alnum, body: 32, sep: "_", whole: true,
		encode: hexLittle}).scheme("grafana"),

	{name: "gitlab-routable", strength: Sum, open: true,
		prefixes: []string{"glpat-", "gldt-", "glrt-t1_", "glcbt-", "glptt-", "glft-", "glagent-", "glsoat-", "gloas-"},
		valid:    validGitLab, make: makeGitLab},
}

// GitLab's routable token is
//
//	prefix base64url(16 random bytes, routing payload, its length) "." "01" "." length crc
//
// where length is the size of the base64 part in two base-36 digits and crc is the CRC-32 of everything before it
// in seven. The payload has lines such as o:1 (organization) and u:2s (user), values in base 36. Tokens of GitLab
// 17.7 to 17.9 lack the version "01.". The prefix is whatever the instance is configured to use.
// https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/
const (
	gitlabCRC     = 7
	gitlabLength  = 2
	gitlabVersion = ".01"
	// 16 random bytes, "o:1" and a length byte in base64.
	gitlabMinBody = 27
)

func validGitLab(token []byte) bool {
	dot := bytes.LastIndexByte(token, '.')
	if dot < 0 || len(token)-dot-1 != gitlabLength+gitlabCRC || !within(token[dot+1:], base36) {
		return false
	}
	tail := string(token[dot+1:])
	head := bytes.TrimSuffix(token[:dot], []byte(gitlabVersion))
	n, err := strconv.ParseUint(tail[:gitlabLength], 36, 16)
	if err != nil || int(n) < gitlabMinBody || int(n) > len(head) || !within(head, base64URL) {
		return false
	}
	if _, ok := decode64(head[len(head)-int(n):]); !ok {
		return false
	}
	covered := token[:len(token)-gitlabCRC]
	return tail[gitlabLength:] == number(crc32.ChecksumIEEE(covered), base36, gitlabCRC)
}

func makeGitLab(prefix string, r Rand) string {
	routing := "o:" + draw(base36[1:], 1, r) + "\nu:" + draw(base36[1:], 4, r)
	payload := string(drawBytes(16, r)) + routing + string(rune(len(routing)))
	body := encodeURL(payload)
	var b strings.Builder
	b.WriteString(prefix + body + gitlabVersion + "." + number(uint32(len(body)), base36, gitlabLength))
	b.WriteString(number(crc32.ChecksumIEEE([]byte(b.String())), base36, gitlabCRC))
	return b.String()
}
