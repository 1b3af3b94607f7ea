package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// link is how Bitbucket gives URLs, both of them.
type link struct {
	Href string `json:"href"`
	Name string `json:"name"`
}

func linkNamed(links []link, names ...string) string {
	for _, name := range names {
		for _, l := range links {
			if l.Name == name {
				return l.Href
			}
		}
	}
	return ""
}

// bitbucketRepo is what is read of a repository at Bitbucket Cloud.
type bitbucketRepo struct {
	UUID       string `json:"uuid"`
	FullName   string `json:"full_name"`
	SCM        string `json:"scm"`
	IsPrivate  bool   `json:"is_private"`
	HasWiki    bool   `json:"has_wiki"`
	Size       *int64 `json:"size"` // in bytes
	UpdatedOn  string `json:"updated_on"`
	MainBranch *struct {
		Name string `json:"name"`
	} `json:"mainbranch"`
	Parent *struct {
		UUID string `json:"uuid"`
	} `json:"parent"`
	Links struct {
		HTML  link   `json:"html"`
		Clone []link `json:"clone"`
	} `json:"links"`
}

func bitbucketEntry(raw json.RawMessage) (found, error) {
	var b bitbucketRepo
	if err := json.Unmarshal(raw, &b); err != nil {
		return found{}, errors.New("an entry that is no repository")
	}
	if b.SCM != "git" {
		return found{}, fmt.Errorf("%q: a repository of %q", clip(b.FullName), clip(b.SCM))
	}
	updated, err := when(b.UpdatedOn)
	if err != nil {
		return found{}, fmt.Errorf("%q: %w", clip(b.FullName), err)
	}
	e := found{
		Repository: Repository{
			ID: b.UUID, Name: b.FullName, CloneURL: linkNamed(b.Links.Clone, "https", "http"), WebURL: b.Links.HTML.Href,
			Visibility: visibility("", b.IsPrivate, false), Fork: b.Parent != nil, Size: -1, PushedAt: updated,
		},
		wiki: b.HasWiki,
	}
	if b.Size != nil {
		e.Size = *b.Size
	}
	if b.MainBranch != nil {
		e.DefaultBranch = b.MainBranch.Name
	}
	if b.Parent != nil {
		e.parent = b.Parent.UUID
	}
	return e, nil
}

// listBitbucket lists a workspace.
func (f *Forge) listBitbucket(ctx context.Context, w *walker) error {
	return w.read(ctx, listing{
		first: f.at(url.Values{"pagelen": {"100"}, "sort": {"created_on"}}, "repositories", f.config.Owner),
		ask:   f.get, page: f.bitbucketPage, entry: bitbucketEntry,
	})
}

func (f *Forge) bitbucketPage(a *answer) (page, error) {
	var p struct {
		Values entries `json:"values"`
		Next   string  `json:"next"`
	}
	if err := f.decode(a, &p); err != nil {
		return page{}, err
	}
	if err := f.listOf(a, p.Values); err != nil {
		return page{}, err
	}
	if p.Next == "" {
		return page{raw: p.Values.raw}, nil
	}
	next, err := f.checkNext(a, p.Next)
	return page{raw: p.Values.raw, next: next}, err
}
