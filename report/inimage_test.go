package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rummage/scan"
)

func digest(n int) string { return "sha256:" + strings.Repeat(strconv.Itoa(n%10), 64) }

// app is where in the sample's image a layer's file is.
func app(layer int, state scan.ImageState, goneIn int) *scan.InImage {
	return &scan.InImage{Image: "registry.example/shop/app:1.4.2", Digest: digest(1), Platform: "linux/amd64", Layer: layer, Layers: 7,
		DiffID: digest(20 + layer), Instruction: "COPY . /app # buildkit", State: state, GoneIn: goneIn}
}

// imageSample is a report with places in images of every sort: with one in git, deleted, overwritten, in a layer that images
// share, in no layer, seen by another scanner, with hostile text.
func imageSample() *Report {
	main := []string{"refs/heads/main"}
	secret := func(n int, severity string, value scan.Secret, places ...scan.Place) scan.Finding {
		return scan.Finding{Fingerprint: fingerprint(n), Rule: "generic-password", Kind: scan.KindSecret, Severity: severity,
			Description: "Password in an assignment", Secret: value, Remedy: "Replace the password.", Places: places}
	}
	at := func(path string, i *scan.InImage) scan.Place {
		return scan.Place{Path: path, Line: 3, Column: 13, EndLine: 3, EndColumn: 53, Context: "dotenv", Blob: strings.Repeat("2c", 20), Image: i,
			Match: scan.Secret("DB_PASSWORD=" + longSecret)}
	}
	git := scan.Place{Path: "deploy/.env", Line: 3, Column: 13, EndLine: 3, EndColumn: 53, Context: "dotenv", Introduced: commit(1, "Add settings"),
		AtTip: main, Reachable: true}
	gone := git
	gone.AtTip, gone.Removed = nil, commit(4, "Take the settings out")
	config := app(0, scan.ImageLive, 0)
	config.DiffID, config.Instruction = "", ""
	r := &Report{Version: "1.2.3", Command: "image", Source: "registry.example/shop/app:1.4.2", Started: now, Stats: scan.Stats{
		Objects: 900, Blobs: 900, Scanned: 900, Bytes: 84_000_000, Seconds: 3.2, Structured: map[string]int64{"dotenv": 2},
		Problems: []scan.Problem{{Where: "registry.example/shop/worker:2 layer 3", Why: "unexpected end of the gzip stream"}}, ProblemCount: 1}}
	var shared []scan.Place
	for _, name := range []string{"admin:7", "api:7", "mail:7", "shop:7", "web:7"} {
		i := app(2, scan.ImageLive, 0)
		i.Image, i.Digest, i.Layers = "registry.example/"+name, digest(len(name)), 4+len(name)
		i.Instruction = "RUN /bin/sh -c curl -u " + longSecret + " https://ci:hunter2@get.example/tool.tgz | tar -xz # " + strings.Repeat("and so on ", 20)
		shared = append(shared, at("/usr/local/etc/tool.conf", i))
	}
	theirs := app(4, scan.ImageLive, 0)
	theirs.Scanners = []string{"builtin", "trivy"}
	bad := &scan.InImage{Image: "=" + hostile, Digest: hostile, Platform: hostile, Layer: 1, Layers: 1, DiffID: hostile, Instruction: "@" + hostile,
		State: scan.ImageOverwritten, GoneIn: 1, Scanners: []string{"-" + hostile}}
	r.Findings = []scan.Finding{
		secret(1, "critical", scan.Secret(longSecret), git, at("/app/.env", app(3, scan.ImageLive, 0)), at("/app/old/.env", app(3, scan.ImageDeleted, 5))),
		secret(2, "high", "another-not-real-1", at("/app/.env.bak", app(3, scan.ImageDeleted, 5)), at("/app/settings.py", app(3, scan.ImageOverwritten, 3))),
		secret(3, "high", "another-not-real-2", gone, at("/app/.env", app(3, scan.ImageLive, 0))),
		secret(4, "medium", "another-not-real-3", shared...),
		secret(5, "medium", "another-not-real-4", at("<config>", config), at("<provenance>", config)),
		secret(7, "low", "another-not-real-6", gone, at("/app/.env.bak", app(3, scan.ImageDeleted, 5))),
		secret(8, "low", "another-not-real-7", at("/"+hostile, bad)),
	}
	masked := secret(6, "high", "", at("/root/.npmrc", theirs))
	masked.Masked = "npm_****"
	r.Findings = append(r.Findings, masked)
	r.Images = []ImageScan{
		{Image: "registry.example/shop/app:1.4.2", Layers: 7, Secrets: 6, Exposures: 1, Scanner: "builtin, trivy", Seconds: 2.25},
		{Image: "ci:hunter2@registry.example/shop/worker:2", Layers: 1003, Secrets: 0, Scanner: "builtin", Seconds: 150, Problem: "layer 3: unexpected end of the gzip stream"},
		{Image: "registry.example/" + strings.Repeat("a-very-long-name/", 5) + "app@" + digest(3), Problem: "the registry at https://ci:hunter2@registry.example/ asks for a login"},
		{Image: hostile, Scanner: hostile, Problem: hostile},
	}
	return r
}

func TestImageWithoutCredentials(t *testing.T) {
	for in, want := range map[string]string{
		"alpine:3":                                     "alpine:3",
		"user:pw@registry.example/app:1":               "registry.example/app:1",
		"token@registry.example/app":                   "registry.example/app",
		"user:p@w@registry.example/app@" + digest(1):   "registry.example/app@" + digest(1),
		"user:pw@localhost/app":                        "localhost/app",
		"https://user:pw@registry.example/app":         "https://registry.example/app",
		"docker-daemon:user:pw@registry.example/app:1": "registry.example/app:1",
		"user:p/w@registry.example/app":                "registry.example/app",
		"app@" + digest(1):                             "app@" + digest(1),
		"registry.example:5000/app:1@" + digest(1):     "registry.example:5000/app:1@" + digest(1),
		"/srv/me@home/app.tar":                         "/srv/me@home/app.tar",
		"./a:b@c.tar":                                  "./a:b@c.tar",
		"images/me@home/app.tar":                       "images/me@home/app.tar",
		"":                                             "", "@": "",
	} {
		if got := imageWithoutCredentials(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestImageWithoutTag(t *testing.T) {
	for in, want := range map[string]string{
		"alpine": "alpine", "alpine:3": "alpine", "registry.example:5000/app": "registry.example:5000/app", "registry.example:5000/app:1": "registry.example:5000/app",
		"app:1@" + digest(1): "app", "app@" + digest(1): "app", "": "",
	} {
		if got := imageWithoutTag(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A secret in a file that a container does not see any more is removed, and to be had all the same; a file that it sees is
// present, and so is what stands in a git repository in the image.
func TestStatusInImages(t *testing.T) {
	for _, c := range []struct {
		place scan.Place
		want  Status
	}{
		{scan.Place{Image: app(3, scan.ImageLive, 0)}, StatusPresent},
		{scan.Place{Image: app(3, "", 0)}, StatusPresent},
		{scan.Place{Image: app(3, scan.ImageDeleted, 4)}, StatusRemoved},
		{scan.Place{Image: app(3, scan.ImageOverwritten, 3)}, StatusRemoved},
		{scan.Place{Image: app(3, scan.ImageLive, 0), Introduced: commit(1, ""), Reachable: true}, StatusPresent},
		{scan.Place{Image: app(3, scan.ImageDeleted, 4), Introduced: commit(1, ""), AtTip: []string{"refs/heads/main"}, Reachable: true}, StatusRemoved},
		{scan.Place{Image: app(3, scan.ImageLive, 0), Note: "unreachable object"}, StatusPresent},
	} {
		if got := placeStatus(&c.place); got != c.want {
			t.Errorf("%+v: %s, want %s", c.place, got, c.want)
		}
	}
}

// What git and images have is told in one sentence, with what is worst first.
func TestImageStatusText(t *testing.T) {
	text := string(render(t, "text", imageSample(), Options{Now: now, Width: 200}))
	for _, want := range []string{
		"still live on main, and in registry.example/shop/app:1.4.2; since 2024-03-01",
		"  removed, but still in a layer of registry.example/shop/app:1.4.2\n",
		"  in registry.example/shop/app:1.4.2; removed from git on 2024-03-04, but still in the history; since",
		"  in 5 images\n",
		"  in registry.example/shop/app:1.4.2\n",
		"  removed on 2024-03-04, but still in the history, and still in a layer of registry.example/shop/app:1.4.2; since",
		"    went out  deleted in layer 5, still in layer 3\n",
		"    went out  overwritten by a later entry of layer 3, still in it\n",
		"    image     and 2 more that have the layer\n",
		"    seen by   builtin, trivy\n",
		"Of these, 1 still live, 4 in images, 3 removed but still in the history or a layer.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Error("a password from a name or an instruction is in it")
	}
}

// Places in images have their members beside those of all places; others have none of them.
func TestJSONInImage(t *testing.T) {
	members := []string{"image", "digest", "platform", "layers", "state", "scanners"}
	r := decode[jsonReport](t, render(t, "json", imageSample(), Options{}))
	if n := len(r.Scan.Images); n != 4 || r.Scan.Images[0].Layers != 7 || !r.Scan.Images[0].Complete || r.Scan.Images[1].Complete {
		t.Errorf("%d images: %+v", n, r.Scan.Images)
	}
	images, git := 0, 0
	for _, f := range r.Findings {
		for _, p := range f.Places {
			var b bytes.Buffer
			if err := encodeJSON(&b, p, "", false); err != nil {
				t.Fatal(err)
			}
			got := keys(t, b.Bytes())
			for _, k := range members {
				if slices.Contains(got, k) != (p.StoredInImage != nil) {
					t.Errorf("%s: members %v", p.Path, got)
				}
			}
			if p.StoredInImage == nil {
				git++
				continue
			}
			images++
			if inLayer := p.Layer > 0; inLayer != slices.Contains(got, "layer") || len(p.Scanners) == 0 {
				t.Errorf("%s: members %v", p.Path, got)
			}
		}
	}
	if images != 15 || git != 3 {
		t.Errorf("%d places in images, %d in git", images, git)
	}
	if bytes.Contains(render(t, "json", sample(), Options{}), []byte(`"images"`)) {
		t.Error("a report of no images has a list of them")
	}
}

// The form in which another scanner masked a value is the one that is told, whatever is to be shown, and read again as such.
func TestMaskedByOthers(t *testing.T) {
	for _, mask := range []string{"npm_****", "REDACTED-BY-THEM-1", "***"} {
		r := imageSample()
		r.Findings[len(r.Findings)-1].Masked = mask
		for _, show := range []bool{false, true} {
			out := render(t, "json", r, Options{ShowSecrets: show})
			list, err := ReadFindings(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(list, func(f StoredFinding) bool {
				return f.Fingerprint == fingerprint(6) && f.Secret == mask && f.Masked && f.Places[0].StoredInImage != nil
			})
			if !found {
				t.Errorf("%q, shown %v: not read again", mask, show)
			}
		}
		for _, result := range checkSARIF(t, render(t, "sarif", r, Options{ShowSecrets: true})).Results {
			byThem := result.Properties.Fingerprint == fingerprint(6)
			if (result.Locations[0].PhysicalLocation.Region.Snippet == nil) != byThem {
				t.Errorf("%q: what is said to stand in the file: %+v", mask, result.Locations[0])
			}
		}
	}
}

// What a report that was written to show secrets says of images is masked when it is read.
func TestReadFindingsMasksInImages(t *testing.T) {
	r := imageSample()
	i := app(1, scan.ImageLive, 0)
	i.Image, i.Platform, i.Instruction = "app:"+longSecret, longSecret, "RUN use "+longSecret
	r.Findings[0].Places[1].Image = i
	list, err := ReadFindings(bytes.NewReader(render(t, "json", r, Options{ShowSecrets: true})))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		for _, p := range f.Places {
			if i := p.StoredInImage; i != nil && strings.Contains(i.Image+i.Platform+i.Instruction, longSecret) {
				t.Errorf("a value: %+v", i)
			}
		}
	}
}

// A result stands in the repository where it is live there, else at each path in images; files of images have a base of
// their own, under which no file of the repository can be meant.
func TestSARIFInImages(t *testing.T) {
	run := checkSARIF(t, render(t, "sarif", imageSample(), Options{}))
	if run.OriginalURIBaseIDs[imagesRoot].Description == nil {
		t.Error("the base of images is not described")
	}
	results := map[string][]sarifResult{}
	for _, r := range run.Results {
		results[r.Properties.Fingerprint] = append(results[r.Properties.Fingerprint], r)
	}
	for n, want := range map[int]string{1: "deploy/.env", 3: "registry.example/shop/app%3A1.4.2/app/.env", 4: "registry.example/admin%3A7/usr/local/etc/tool.conf",
		5: "registry.example/shop/app%3A1.4.2/%3Cconfig%3E registry.example/shop/app%3A1.4.2/%3Cprovenance%3E"} {
		var uris []string
		for _, r := range results[fingerprint(n)] {
			l := r.Locations[0]
			uris = append(uris, l.PhysicalLocation.ArtifactLocation.URI)
			if inImage := n != 1; (l.PhysicalLocation.ArtifactLocation.URIBaseID == imagesRoot) != inImage || (l.Properties != nil) != inImage || (len(l.LogicalLocations) == 1) != inImage {
				t.Errorf("%d: %+v", n, l)
			}
		}
		if got := strings.Join(uris, " "); got != want {
			t.Errorf("%d stands at %s, want %s", n, got, want)
		}
	}
	if related := results[fingerprint(1)][0].RelatedLocations; len(related) != 2 || related[0].Properties.Layer != 3 {
		t.Errorf("related: %+v", related)
	}
}

// The next build has another tag; who follows a finding from report to report knows it again.
func TestIdentitySurvivesTags(t *testing.T) {
	ids := func(tag string) string {
		r := imageSample()
		i := app(3, scan.ImageLive, 0)
		i.Image, i.Digest = "registry.example/shop/app:"+tag, digest(len(tag))
		r.Findings = r.Findings[2:3]
		r.Findings[0].Places = []scan.Place{{Path: "/app/.env", Line: 1, Column: 1, EndLine: 1, EndColumn: 9, Image: i}}
		sarif := checkSARIF(t, render(t, "sarif", r, Options{})).Results[0].PartialFingerprints["primaryLocationLineHash"]
		return sarif + decode[gitlabReport](t, render(t, "gitlab", r, Options{})).Vulnerabilities[0].Location.File
	}
	a, b := ids("1"), ids("22")
	if a != b || !strings.HasSuffix(a, "registry.example/shop/app/app/.env") {
		t.Errorf("%s became %s", a, b)
	}
}

// Each place is a row, and the columns of images are the last.
func TestCSVInImages(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(render(t, "csv", imageSample(), Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	if column("image") != column("suppressed_reason")+1 || len(rows) != 19 {
		t.Errorf("%d rows, columns %v", len(rows), rows[0])
	}
	for _, row := range rows[1:] {
		if inImage := row[column("image")] != ""; inImage != (row[column("scanners")] != "") || inImage == (row[column("introduced_commit")] != "") {
			t.Errorf("%v", row)
		}
		if row[column("path")] == "<config>" && row[column("layer")] != "" {
			t.Errorf("the configuration is in layer %s", row[column("layer")])
		}
	}
}

// gitleaks' report names places so that they can be ignored by what it says, in one image or in all.
func TestIgnoreInImages(t *testing.T) {
	r := imageSample()
	f := &r.Findings[3]
	var all string
	for _, e := range decode[[]gitleaksFinding](t, render(t, "gitleaks", r, Options{})) {
		if strings.Contains(e.Fingerprint, "tool.conf") {
			all += e.Fingerprint + "\n"
		}
	}
	if n := strings.Count(all, "\n"); n != 5 {
		t.Fatalf("%d entries, want one for each image", n)
	}
	for lines, want := range map[string]bool{all: true, "/usr/local/etc/tool.conf:generic-password:3": true, strings.SplitAfter(all, "\n")[0]: false} {
		g, err := ReadIgnore("test", strings.NewReader(lines), now)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := g.Match(f); ok != want {
			t.Errorf("ignored %v by %q", ok, lines)
		}
	}
	b, err := ReadBaseline(bytes.NewReader(render(t, "gitleaks", r, Options{})))
	if err != nil || !b.Has(f) {
		t.Errorf("not in the baseline: %v", err)
	}
	if b, err = ReadBaseline(bytes.NewReader(render(t, "json", r, Options{}))); err != nil || !b.Has(f) {
		t.Errorf("not in the baseline by its fingerprint: %v", err)
	}
}
