package forgetest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rummage/sweep/forge"
)

// caller is who makes a request.
type caller struct {
	token        bool  // has the token, and sees everything
	app          bool  // is the App itself
	installation int64 // is one of it
}

type minted struct {
	installation int64
	ends         time.Time
}

// caller judges a request's credential; one that is wrong is refused also for what is public.
func (s *Server) caller(r *http.Request) (caller, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{}, true
	}
	scheme, value, _ := strings.Cut(header, " ")
	password := value
	if scheme == "Basic" {
		_, password, _ = r.BasicAuth()
	} else if want := map[bool]string{true: "token", false: "Bearer"}[s.config.Kind == forge.Gitea]; scheme != want {
		return caller{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revoked {
		return caller{}, false
	}
	if m, ok := s.minted[password]; ok && s.config.Now().Before(m.ends) {
		return caller{installation: m.installation}, true
	}
	if s.config.Token != "" && password == s.config.Token {
		return caller{token: true}, true
	}
	return caller{app: true}, s.config.AppKey != nil && s.signed(value)
}

// signed checks an App's assertion.
func (s *Server) signed(jwt string) bool {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(s.config.AppKey, crypto.SHA256, sum[:], sig) != nil {
		return false
	}
	var claims struct {
		IssuedAt int64  `json:"iat"`
		Expires  int64  `json:"exp"`
		Issuer   string `json:"iss"`
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return false
	}
	now := s.config.Now().Unix()
	return claims.Issuer == strconv.FormatInt(s.config.AppID, 10) && claims.IssuedAt <= now && claims.Expires > now && claims.Expires <= now+600
}

// mint makes a token of an installation.
func (s *Server) mint(installation int64) (string, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := fmt.Sprintf("made-for-%d-%d", installation, len(s.requests))
	ends := s.config.Now().Add(s.config.TokenLife)
	s.minted[token] = minted{installation, ends}
	return token, ends
}

// sees tells whether a caller may see a repository.
func (s *Server) sees(who caller, owner, visibility string) bool {
	if who.installation != 0 {
		for _, in := range s.config.Installations {
			if in.ID == who.installation {
				return !in.Suspended && strings.EqualFold(in.Account, owner)
			}
		}
		return false
	}
	return who.token || visibility == "" || visibility == "public"
}
