package checksum

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// Azure's "identifiable" keys carry a signature that names the service and a Marvin32 checksum, keyed by a seed
// that names the kind of key. Constructions, signatures and seeds are those of Microsoft's own scanner library,
// https://github.com/microsoft/security-utilities (IdentifiableMetadata.cs, IdentifiableSecrets.cs).

// seed reads eight ASCII characters as the 64-bit number that has them from its most significant byte down.
func seed(kind string) uint64 { return binary.BigEndian.Uint64([]byte(kind)) }

// azureService has what is needed for the keys of one service.
type azureService struct {
	signature string
	bytes     int  // length of the key in bytes
	url       bool // URL-safe base64
	seeds     []uint64
}

var azureServices = []azureService{
	{"+ASt", 64, false, []uint64{seed("Default0")}}, // Storage accounts
	{"ACDb", 64, false, []uint64{seed("MastRO00"), seed("MastRW00"), seed("SysAll00"), seed("Resour00"), // Cosmos DB
		seed("SystRO00"), seed("Encryp00"), seed("SystRW00")}},
	{"+ABa", 64, false, []uint64{seed("AbAcct00")}},                                                       // Batch
	{"+AMC", 64, false, []uint64{seed("Classic0")}},                                                       // ML (classic)
	{"APIM", 64, false, []uint64{seed("Tenant00"), seed("IoTHub00"), seed("Gatewy00"), seed("GitKey00")}}, // API Management
	{"+AEh", 32, false, []uint64{seed("Send0000"), seed("Listen00"), seed("Manage00"), seed("Unknown0")}}, // Event Hubs
	{"+ASb", 32, false, []uint64{seed("Send0000"), seed("Listen00"), seed("Manage00"), seed("Unknown0")}}, // Service Bus
	{"+ARm", 32, false, []uint64{seed("Send0000"), seed("Listen00"), seed("Manage00"), seed("Unknown0")}}, // Relay
	{"AIoT", 32, false, []uint64{seed("IoTHub00"), seed("DpsKey00"), seed("Device00")}},                   // IoT
	{"AzCa", 32, false, []uint64{seed("Access00")}},                                                       // Cache for Redis
	{"+ACR", 39, false, []uint64{seed("ACRDflt0")}},                                                       // Container Registry
	{"AzSe", 39, true, []uint64{seed("Query000"), seed("PAdmin00")}},                                      // AI Search
	{"AzFu", 40, true, []uint64{seed("Functi00"), seed("Master00"), seed("System00")}},                    // Functions
}

var azureSchemes = []*Scheme{
	{name: "azure-key", strength: Sum, prefixes: azureSignatures(), valid: validAzureKey, make: makeAzureKey},
	{name: "azure-cask", strength: Sum, valid: validCASK, make: makeCASK},
	{name: "azure-entra", strength: Sum, valid: validEntra, make: makeEntra},
}

func azureSignatures() []string {
	var all []string
	for _, s := range azureServices {
		all = append(all, s.signature)
	}
	return all
}

// azureKeyTail is the number of base64 characters after the signature: the checksum's.
const azureKeyTail = 6

func validAzureKey(token []byte) bool {
	text := bytes.TrimRight(token, "=")
	at := len(text) - azureKeyTail - 4
	if at < 0 {
		return false
	}
	for _, s := range azureServices {
		if string(text[at:at+4]) == s.signature {
			return s.valid(token)
		}
	}
	return false
}

func (s *azureService) encode(key []byte) string {
	if s.url {
		return base64.URLEncoding.EncodeToString(key)
	}
	return base64.StdEncoding.EncodeToString(key)
}

func (s *azureService) valid(token []byte) bool {
	key, ok := decode64(token)
	if !ok || len(key) != s.bytes {
		return false
	}
	for _, sd := range s.seeds {
		binary.LittleEndian.PutUint32(key[len(key)-4:], marvin32(key[:len(key)-4], sd))
		want := s.encode(key)
		if s.signature == "AzCa" {
			// Redis passwords avoid the characters that connection strings would have to escape.
			want = strings.NewReplacer("+", "P", "/", "F").Replace(want)
		}
		if want == string(token) {
			return true
		}
	}
	return false
}

func makeAzureKey(signature string, r Rand) string {
	s := azureServices[slices.IndexFunc(azureServices, func(s azureService) bool { return s.signature == signature })]
	text := draw(alnum, base64.RawStdEncoding.EncodedLen(s.bytes), r)
	text = text[:len(text)-azureKeyTail-4] + s.signature + strings.Repeat("A", azureKeyTail)
	key, _ := decode64([]byte(text))
	binary.LittleEndian.PutUint32(key[len(key)-4:], marvin32(key[:len(key)-4], s.seeds[r(len(s.seeds))]))
	text = s.encode(key)
	if s.signature == "AzCa" {
		text = strings.NewReplacer("+", "P", "/", "F").Replace(text)
	}
	return text
}

// A common annotated security key is 52 random characters, "JQQJ9", the kind (9 primary, D derived, H hash), year
// and month, 16 reserved characters, a four-letter provider signature and the checksum of the 60 bytes before it:
// four characters, or six and "==" in the long form.
const (
	caskMark  = "JQQJ9"
	caskFixed = 52
	caskSum   = 80
)

func validCASK(token []byte) bool {
	long := len(token) == caskSum+8
	if !long && len(token) != caskSum+4 {
		return false
	}
	text := string(token)
	if text[caskFixed:caskFixed+5] != caskMark || !strings.Contains("9DH", text[57:58]) ||
		!within(token[:caskSum], alnum) || text[59] < 'A' || text[59] > 'L' {
		return false
	}
	data, ok := decode64(token[:caskSum])
	if !ok {
		return false
	}
	return slices.ContainsFunc(caskSums(data), func(sum string) bool {
		if long {
			return text[caskSum:] == sum+"=="
		}
		return text[caskSum:] == sum[:4]
	})
}

// caskSums are the forms in which the checksum of data may be written: its four bytes, least significant first, in
// base64, or as one number in base 62, which is then brought into canonical base64.
func caskSums(data []byte) []string {
	sum := binary.LittleEndian.AppendUint32(nil, marvin32(data, seed("Default0")))
	digits62 := number(binary.BigEndian.Uint32(sum), alnum, 0)
	sums := []string{caskText(digits62), base64.RawStdEncoding.EncodeToString(sum)}
	// Versions of the base-62 library differ in whether leading zero bytes become zeros.
	if zeros := len(sum) - len(bytes.TrimLeft(sum, "\x00")); zeros > 0 {
		sums = append(sums, caskText(strings.Repeat("0", min(zeros, 3))+digits62))
	}
	return sums
}

// caskText fills digits up to six characters and makes them the base64 of four bytes: six characters are 36 bits,
// of which the last character keeps only its upper two.
func caskText(digits62 string) string {
	raw, _ := base64.RawStdEncoding.DecodeString((digits62 + "000000")[:6])
	return base64.RawStdEncoding.EncodeToString(raw)
}

func makeCASK(_ string, r Rand) string {
	head := draw(alnum, caskFixed, r) + caskMark + "9" + draw(upper[:8], 1, r) + draw(upper[:12], 1, r) +
		strings.Repeat("A", 16) + draw(upper, 4, r)
	data, _ := decode64([]byte(head))
	return head + caskSums(data)[0][:4]
}

// A client secret of an Entra application is three characters, "8Q~", 31 characters, and the first three digits of
// the checksum in the base of the 66 characters that are allowed. Secrets with "7Q~" have no checksum.
const (
	entraAlphabet = lower + upper + "1234567890" + ".-_~"
	entraLen      = 40
)

func validEntra(token []byte) bool {
	if len(token) != entraLen || string(token[3:6]) != "8Q~" || !within(token, entraAlphabet) {
		return false
	}
	return string(token[entraLen-3:]) == entraSum(token[:entraLen-3])
}

func entraSum(b []byte) string { return number(marvin32(b, seed("AadPwd00")), entraAlphabet, 6)[:3] }

func makeEntra(_ string, r Rand) string {
	head := draw(alnum, 3, r) + "8Q~" + draw(entraAlphabet, 31, r)
	return head + entraSum([]byte(head))
}

// marvin32 is Microsoft's keyed checksum of data, folded to 32 bits.
// https://github.com/microsoft/SymCrypt/blob/main/lib/marvin32.c
func marvin32(data []byte, seed uint64) uint32 {
	lo, hi := uint32(seed), uint32(seed>>32)
	mix := func(v uint32) {
		lo += v
		hi ^= lo
		lo = bits.RotateLeft32(lo, 20) + hi
		hi = bits.RotateLeft32(hi, 9) ^ lo
		lo = bits.RotateLeft32(lo, 27) + hi
		hi = bits.RotateLeft32(hi, 19)
	}
	for len(data) >= 4 {
		mix(binary.LittleEndian.Uint32(data))
		data = data[4:]
	}
	// A bit is set behind the data, so that trailing zeros count.
	var last [4]byte
	last[copy(last[:], data)] = 0x80
	mix(binary.LittleEndian.Uint32(last[:]))
	mix(0)
	return lo ^ hi
}
