package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

func x25519(t *testing.T) (string, age.Identity) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), id
}

func sshLine(t *testing.T, key any) string {
	t.Helper()
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(public))
}

// TestSeal: each recipient opens what is sealed, nobody else does, and nothing of it is to be seen.
func TestSeal(t *testing.T) {
	one, oneID := x25519(t)
	other, otherID := x25519(t)
	_, strangerID := x25519(t)
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	edID, err := agessh.NewEd25519Identity(edPrivate)
	if err != nil {
		t.Fatal(err)
	}
	rsaID, err := agessh.NewRSAIdentity(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	seal, err := New([]string{one, " " + other + "\n", sshLine(t, edPublic), strings.TrimSpace(sshLine(t, &rsaKey.PublicKey)) + " ann@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("correct horse battery staple")
	sealed, err := seal(secret)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, secret[:8]) {
		t.Error("the secret is in what was sealed")
	}
	for i, id := range []age.Identity{oneID, otherID, edID, rsaID} {
		r, err := age.Decrypt(bytes.NewReader(sealed), id)
		if err != nil {
			t.Fatalf("recipient %d: %v", i+1, err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("recipient %d: %v %q", i+1, err, got)
		}
	}
	if _, err := age.Decrypt(bytes.NewReader(sealed), strangerID); err == nil {
		t.Error("a stranger opens it")
	}
	again, err := seal(secret)
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("%v: the same secret is the same bytes", err)
	}
	if _, err := seal(make([]byte, MaxSecret+1)); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("too long a secret: %v", err)
	}
}

func TestHybrid(t *testing.T) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	seal, err := New([]string{id.Recipient().String()})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(bytes.NewReader(sealed), id); err != nil {
		t.Error(err)
	}
	one, _ := x25519(t)
	if _, err := New([]string{id.Recipient().String(), one}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("recipients that do not go together: %v", err)
	}
}

func TestRefused(t *testing.T) {
	one, id := x25519(t)
	private := fmt.Sprint(id)
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	smallLine := "ssh-rsa AAAA"
	if err == nil {
		smallLine = sshLine(t, &small.PublicKey)
	}
	block, err := ssh.MarshalPrivateKey(edPrivate, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		in   []string
		want string
	}{
		{nil, "no recipient"},
		{[]string{one, ""}, "recipient 2: is empty"},
		{[]string{private}, "recipient 1: is a private key"},
		{[]string{strings.ToLower(private)}, "recipient 1: is a private key"},
		{[]string{fmt.Sprintf("-----BEGIN %s-----\n%x", block.Type, block.Bytes)}, "recipient 1: is a private key"},
		{[]string{one[:len(one)-1]}, "recipient 1: is damaged or not supported"},
		{[]string{"age1pq1x"}, "recipient 1: is damaged or not supported"},
		{[]string{"ssh-ed25519 AAAA\x1b[2J"}, "recipient 1: is damaged or not supported"},
		{[]string{smallLine}, "recipient 1: is damaged or not supported"},
		{[]string{"ssh-dss AAAA"}, "recipient 1: is damaged or not supported"},
		{[]string{one + "\n" + one}, "recipient 1: is no line"},
		{[]string{"password"}, "recipient 1: is neither"},
		{[]string{"ssh-rsa " + strings.Repeat("A", maxRecipient)}, "recipient 1: is no line"},
		{strings.Split(strings.Repeat(one+" ", maxRecipients)+one, " "), "more than 20 recipients"},
	} {
		_, err := New(tt.in)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%.60q: want %q, got %v", tt.in, tt.want, err)
			continue
		}
		if s := err.Error(); len(s) > 250 || strings.ContainsAny(s, "\r\n\x1b") || strings.Contains(s, private[20:]) || strings.Contains(strings.ToUpper(s), private[20:]) {
			t.Errorf("%q", s)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add("age1x")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 x")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := New([]string{s}); err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q", err)
		}
	})
}
