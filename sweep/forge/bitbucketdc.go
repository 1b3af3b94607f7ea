package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// dcRepo is what is read of a repository at Bitbucket Data Center.
type dcRepo struct {
	ID            int64  `json:"id"`
	Slug          string `json:"slug"`
	HierarchyID   string `json:"hierarchyId"` // the same for a repository and its forks
	ScmID         string `json:"scmId"`
	State         string `json:"state"`
	Public        bool   `json:"public"`
	Archived      bool   `json:"archived"` // since 8.0
	DefaultBranch string `json:"defaultBranch"`
	Project       struct {
		Key    string `json:"key"`
		Public bool   `json:"public"`
	} `json:"project"`
	Origin *struct {
		ID int64 `json:"id"`
	} `json:"origin"`
	Links struct {
		Clone []link `json:"clone"`
		Self  []link `json:"self"`
	} `json:"links"`
}

func dcEntry(raw json.RawMessage) (found, error) {
	var b dcRepo
	if err := json.Unmarshal(raw, &b); err != nil {
		return found{}, errors.New("an entry that is no repository")
	}
	name := b.Project.Key + "/" + b.Slug
	if b.ScmID != "" && b.ScmID != "git" {
		return found{}, fmt.Errorf("%q: a repository of %q", clip(name), clip(b.ScmID))
	}
	e := found{Repository: Repository{
		ID: idText(b.ID), Name: name, CloneURL: linkNamed(b.Links.Clone, "http", "https"),
		Visibility: visibility("", !b.Public && !b.Project.Public, false), Archived: b.Archived, Fork: b.Origin != nil,
		Disabled: b.State != "" && b.State != "AVAILABLE", DefaultBranch: b.DefaultBranch, Size: -1,
	}}
	if len(b.Links.Self) > 0 {
		e.WebURL = b.Links.Self[0].Href
	}
	switch {
	case b.HierarchyID != "":
		e.Network = "hierarchy:" + b.HierarchyID
	case b.Origin != nil:
		e.parent = idText(b.Origin.ID)
	}
	return e, nil
}

// listBitbucketDC lists a project, which a user has too (~name), or all that may be seen.
func (f *Forge) listBitbucketDC(ctx context.Context, w *walker) error {
	q := url.Values{"limit": {"100"}, "start": {"0"}}
	first := f.at(q, "projects", f.config.Owner, "repos")
	if f.config.Owner == "" {
		q.Set("archived", "ALL") // which are left out of this list otherwise
		first = f.at(q, "repos")
	}
	return w.read(ctx, listing{first: first, ask: f.get, page: f.dcPage, entry: dcEntry})
}

func (f *Forge) dcPage(a *answer) (page, error) {
	var p struct {
		Values        entries `json:"values"`
		IsLastPage    *bool   `json:"isLastPage"`
		NextPageStart *int    `json:"nextPageStart"`
	}
	if err := f.decode(a, &p); err != nil {
		return page{}, err
	}
	if err := f.listOf(a, p.Values); err != nil {
		return page{}, err
	}
	if p.IsLastPage == nil {
		return page{}, f.fail(Malformed, a.url.Path, "a page that does not say whether it is the last")
	}
	if *p.IsLastPage {
		return page{raw: p.Values.raw}, nil
	}
	if p.NextPageStart == nil || *p.NextPageStart <= number(a.url.Query().Get("start")) {
		return page{}, f.fail(Malformed, a.url.Path, "its pages do not go on")
	}
	return page{raw: p.Values.raw, next: withParam(a.url, "start", strconv.Itoa(*p.NextPageStart))}, nil
}
