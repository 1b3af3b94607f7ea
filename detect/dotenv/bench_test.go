package dotenv

import (
	"strings"
	"testing"
)

const sample = `# Settings of the app.
APP_ENV=production
APP_NAME=some-name:of-some-length=
DB_HOST=db        # the container
DB_PASSWORD="s3cret \"quoted\""
DATABASE_URL=postgres://app:${DB_PASSWORD:-secret}@${DB_HOST}:5432/app

# MAIL_PASSWORD=old
MAIL_FROM='App <app@example.org>'
EMPTY=
`

func BenchmarkParse(b *testing.B) {
	data := []byte(strings.Repeat(sample, 20))
	for _, c := range []struct {
		name string
		o    Options
	}{{"compose", Options{}}, {"raw", Options{Raw: true}}, {"shell", Options{Shell: true}}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				c.o.Parse(data)
			}
		})
	}
}
