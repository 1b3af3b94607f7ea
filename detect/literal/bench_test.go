package literal_test

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/detect/decode"
	"rummage/detect/literal"
)

// keywords is what a ruleset looks for: prefixes of keys, names of providers,
// and a few plain words that stand everywhere.
var keywords = strings.Fields(`
	-----begin _authtoken _gitlab_session= a3t abia acca access access_key accountkey= adafruit adobe age-secret-key-1
	airtable aiza akcp akia akid algolia alibaba amzn.mws. anthropic api api_ apikey apiid apitoken appid appsecret
	artifactory asana asia atatt3 atbb atctt3 atlassian atlasv1. auth auth0 authorization aws axiom azure b2_ basic
	bearer beamer bedrock bigcommerce bitbucket bitly bittrex blob.core.windows.net bot brevo browserstack buildkite
	bugsnag cbc circle-token clearbit clickup client_secret clojars_ cloudflare cloudinary codeclimate codecov cohere
	coinbase confluence confluent connectionstring consul contentful couchbase cratesio cred cvt_ databricks datadog
	dapi dckr_pat_ deepl deepseek defaultendpointsprotocol digitalocean discord dnkey doo_v1_ dop_v1_ dor_v1_ doppler
	dp.ct. dp.pt. dp.st. droneci dropbox dt0c01. duffel_ dynatrace eaaa easypost elastic encryption_key etsy eyj ezak
	eztk facebook fastly fcm figd_ figma finicity finnhub firebase fleet flickr flutterwave flwpubk flwseck fly.io
	fm1_ fm2_ fo1_ freshbooks freshdesk ftp:// gcp ghcr gho_ ghp_ ghr_ ghs_ ghu_ github github_pat_ gitlab glagent-
	glc_ gldt- glffct- glft- glpat- glptt- glrt- glsa_ gocardless gocspx- godaddy googleads grafana groq gsk_ hapi
	harness helpscout heroku hf_ hooks.slack.com hrku- hubspot huggingface hvb. hvs. ibm ico- infura instagram
	intercom ionic jenkins jfrog jira jumpcloud jwt k8s keen kraken kubeconfig kucoin launchdarkly lin_api_ linear
	linkedin livekit lob_ logz ltai mailchimp mailgun mailjet mandrill mapbox mattermost mercadopago meraki messagebird
	mg_ microsoft minio mixpanel mongodb mongodb+srv:// monday mysql:// nacl netlify newrelic nexmo ngrok notion npm_
	nrak- nrii- ntn_ nuget nvapi- nytimes oauth okta onelogin openai openvsx openweather ops_ optimizely oy2 pagerduty
	passphrase passwd password pat. paypal paystack pgp pinata pinecone pk. plaid planetscale pmak- pnu_ postgres://
	posthog postman pplx- private prefect privatekey pscale_ pul- pulumi pusher pwd pypi- q~ rabbitmq rapidapi razorpay
	rdme_ readme redis:// refresh_token replicate resend ringcentral rk_live rollbar rubygems_ s3 salesforce samsara
	sauce scaleway secret secretkey segment sendbird sendgrid sendinblue sentry sg. sha256~ shippo shopify shpat_
	shpca_ shppa_ shpss_ sid sidekiq signature sk- sk_live sk_test slack smtp snowflake snyk sonar sourcegraph spotify
	sq0atp- sq0csp- square squarespace ssh-rsa stripe sumo supabase t3blbkfj tailscale tavily telegram terraform tfp_
	token travis trello tskey- twilio twitch twitter typeform uploadcare vault vercel vonage webhook wakatime wise
	wordpress xai- xapp- xkeysib- xoxb- xoxp- xoxe. xray key yandex youtube zapier zendesk zoom
`)

// source concatenates files of the Go distribution, 16 MiB at most.
func source(b *testing.B, endings ...string) []byte {
	b.Helper()
	var text []byte
	err := filepath.WalkDir(filepath.Join(build.Default.GOROOT, "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, end := range endings {
			if len(text) < 16<<20 && strings.HasSuffix(path, end) {
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				text = append(text, content...)
			}
		}
		return nil
	})
	if err != nil || len(text) == 0 {
		b.Fatalf("no sources of the Go distribution: %v", err)
	}
	return text
}

func BenchmarkFind(b *testing.B) {
	set, err := literal.New(keywords)
	if err != nil {
		b.Fatal(err)
	}
	automaton := newAutomaton(keywords)
	for _, text := range []struct {
		name string
		data []byte
	}{
		{"go", source(b, ".go")},
		{"c+assembly", source(b, ".c", ".h", ".s")},
		{"dense", []byte(strings.Repeat("password = secret_key token ", 1<<15))},
		{"short", []byte("the inserted bytes of a delta are few, most often a line\n")},
	} {
		b.Run(text.name+"/set", func(b *testing.B) { run(b, set.Find, text.data) })
		b.Run(text.name+"/automaton", func(b *testing.B) { run(b, automaton.find, text.data) })
	}
}

// run also reports how often a word ends: bytes of text for each occurrence.
func run(b *testing.B, find func([]byte, func(word, end int) bool), data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	hits := 0
	for b.Loop() {
		hits = 0
		find(data, func(word, end int) bool {
			hits++
			return true
		})
	}
	b.ReportMetric(float64(len(data))/float64(max(hits, 1)), "B/hit")
}

// BenchmarkFindDecoded is all that each byte of a text costs before a rule is
// tried: search, decode, search what was decoded.
func BenchmarkFindDecoded(b *testing.B) {
	set, err := literal.New(keywords)
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []struct {
		name string
		data []byte
	}{
		{"go", source(b, ".go")},
		{"c+assembly", source(b, ".c", ".h", ".s")},
	} {
		b.Run(text.name, func(b *testing.B) {
			var d decode.Decoder
			run(b, func(data []byte, emit func(word, end int) bool) {
				set.Find(data, emit)
				d.Decode(data, func(w *decode.Window) bool {
					set.Find(w.Text, emit)
					return true
				})
			}, text.data)
		})
	}
}

func BenchmarkNew(b *testing.B) {
	words := append([]string(nil), keywords...)
	for i := range 1000 - len(words) {
		words = append(words, keywords[i%len(keywords)]+"_"+keywords[(i*7+3)%len(keywords)])
	}
	for b.Loop() {
		if _, err := literal.New(words); err != nil {
			b.Fatal(err)
		}
	}
}
