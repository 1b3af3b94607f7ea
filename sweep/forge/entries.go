package forge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxEntries bounds a page: forges give 100 at most, DC up to 1,000.
const maxEntries = 2000

// maxLink bounds a link to a page.
const maxLink = 8 << 10

// entries are those of a page, unread. A page is bounded in bytes, but a few bytes make an entry.
type entries struct {
	raw  []json.RawMessage
	seen bool // there was such a list, of which an answer without one does not speak
}

func (e *entries) UnmarshalJSON(b []byte) error {
	*e = entries{seen: true}
	if string(b) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("no list")
	}
	for d.More() {
		if len(e.raw) == maxEntries {
			return fmt.Errorf("more than %d entries in a page", maxEntries)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		e.raw = append(e.raw, raw)
	}
	_, err := d.Token()
	return err
}

// page is one of a listing.
type page struct {
	raw  []json.RawMessage
	next *url.URL // nil at the end
	// missing says that the forge has left something out of the list.
	missing error
}

// decode reads an answer's JSON. What encoding/json says of it quotes no more than a byte of it.
func (f *Forge) decode(a *answer, into any) error {
	err := json.Unmarshal(a.body, into)
	if err == nil {
		return nil
	}
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		err = fmt.Errorf("a %s where another is expected", typ.Value)
	}
	return f.fail(Malformed, a.url.Path, "%s", err.Error())
}

func (f *Forge) listOf(a *answer, list entries) error {
	if !list.seen {
		return f.fail(Malformed, a.url.Path, "an answer without a list")
	}
	return nil
}

// linked is a page that is a list by itself, the next of which the Link header names.
func (f *Forge) linked(a *answer) (page, error) {
	var list entries
	if err := f.decode(a, &list); err != nil {
		return page{}, err
	}
	next, err := f.linkHeader(a)
	return page{raw: list.raw, next: next}, err
}

// linkHeader is the link to the next page, nil without one.
func (f *Forge) linkHeader(a *answer) (*url.URL, error) {
	target, ok := nextLink(a.header.Values("Link"))
	if !ok {
		return nil, nil
	}
	return f.checkNext(a, target)
}

// nextLink finds the target of the first link with the relation "next".
func nextLink(values []string) (string, bool) {
	for _, value := range values {
		for link := range strings.SplitSeq(value, ",") {
			target, params, ok := strings.Cut(strings.TrimSpace(link), ">")
			if ok && strings.HasPrefix(target, "<") && relNext(params) {
				return target[1:], true
			}
		}
	}
	return "", false
}

func relNext(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(value, `"`), "next") {
			return true
		}
	}
	return false
}

// checkNext refuses a next page on another host.
func (f *Forge) checkNext(a *answer, raw string) (*url.URL, error) {
	if len(raw) > maxLink || !plain(raw) {
		return nil, f.fail(Malformed, a.url.Path, "a link to the next page that is none")
	}
	u, err := a.url.Parse(raw)
	if err != nil {
		return nil, f.fail(Malformed, a.url.Path, "a link to the next page that is none")
	}
	if !f.sameAPI(u) {
		return nil, f.fail(Elsewhere, a.url.Path, "the next page is at %s://%s", clip(u.Scheme), clip(u.Host))
	}
	u.Fragment = ""
	return u, nil
}

// withParam is a URL with one parameter of its query set.
func withParam(u *url.URL, name, value string) *url.URL {
	v := *u
	q := v.Query()
	q.Set(name, value)
	v.RawQuery = q.Encode()
	return &v
}

// number reads a header or parameter that is one, -1 if it is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// idText is an id that a forge gives as a number.
func idText(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// when reads a time as forges write it; null and "" are none.
func when(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		if strings.HasPrefix(s, "0001-") { // Go's zero time, which Gitea writes
			return time.Time{}, nil
		}
		return time.Time{}, fmt.Errorf("a time that is none: %q", clip(s))
	}
	return t.UTC(), nil
}

// kibi is a size that a forge gives in KiB, -1 if it is none.
func kibi(n int64) int64 {
	if n < 0 || n > 1<<52 {
		return -1
	}
	return n << 10
}
