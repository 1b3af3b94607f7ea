// Package seal encrypts secrets that were found, to those who may see them, by age (age-encryption.org): to its own keys and to
// ssh keys. It holds no key that could open what it made, so that whoever has the database, or the machine that sweeps, has no
// secret by that.
//
// It does not know what it seals or where that is kept. A Seal may be called by several goroutines.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// Seal encrypts a secret. The same secret is other bytes each time.
type Seal func(secret []byte) ([]byte, error)

const (
	// MaxSecret bounds a secret, in bytes.
	MaxSecret     = 1 << 20
	maxRecipients = 20
	maxRecipient  = 16 << 10 // bytes of one, which an ssh-rsa key of 16384 bits with a comment has
)

// New makes a Seal that any one of the recipients can open: age's (age1…), or lines of ssh's public keys (ssh-ed25519, ssh-rsa).
// Its error is one line; of a recipient that is a private key by mistake nothing is in it.
func New(recipients []string) (Seal, error) {
	var to []age.Recipient
	for i, text := range recipients {
		r, err := parse(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		to = append(to, r)
	}
	switch {
	case len(to) == 0:
		return nil, errors.New("no recipient: nobody could open what is sealed")
	case len(to) > maxRecipients:
		return nil, fmt.Errorf("more than %d recipients: use a key that they share", maxRecipients)
	}
	seal := func(secret []byte) ([]byte, error) {
		if len(secret) > MaxSecret {
			return nil, fmt.Errorf("a secret of %d bytes, more than %d, is not sealed", len(secret), MaxSecret)
		}
		return encrypt(secret, to)
	}
	// Not all kinds of recipients go together: better to know that before there is a secret.
	if _, err := seal(nil); err != nil {
		return nil, fmt.Errorf("the recipients: %w", err)
	}
	return seal, nil
}

func parse(text string) (age.Recipient, error) {
	switch {
	case text == "":
		return nil, errors.New("is empty")
	case strings.HasPrefix(strings.ToUpper(text), "AGE-SECRET-KEY-"), strings.Contains(text, "PRIVATE KEY"):
		return nil, errors.New("is a private key: name the public one, and replace this where others could read it")
	case len(text) > maxRecipient || strings.ContainsAny(text, "\r\n"):
		return nil, errors.New("is no line of a public key")
	case strings.HasPrefix(text, "age1pq1"):
		r, err := age.ParseHybridRecipient(text)
		return r, reason(err)
	case strings.HasPrefix(text, "age1"):
		r, err := age.ParseX25519Recipient(text)
		return r, reason(err)
	case strings.HasPrefix(text, "ssh-"):
		r, err := agessh.ParseRecipient(text)
		return r, reason(err)
	}
	return nil, errors.New("is neither age's (age1…) nor a public key of ssh (ssh-ed25519, ssh-rsa)")
}

// reason is the library's error in one line of bounded length, without what it quotes.
func reason(err error) error {
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if i := strings.IndexByte(text, '"'); i >= 0 {
		if j := strings.LastIndexByte(text, '"'); j > i {
			text = text[:i] + "it" + text[j+1:]
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return fmt.Errorf("is damaged or not supported: %.120s", text)
}

func encrypt(secret []byte, to []age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, reason(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(secret)); err != nil {
		return nil, reason(err)
	}
	if err := w.Close(); err != nil {
		return nil, reason(err)
	}
	return out.Bytes(), nil
}
