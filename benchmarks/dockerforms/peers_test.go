package main

import (
	"slices"
	"testing"

	"rummage/benchmarks/labelled"
)

// What is known of the two checks, by the lines that each complains of.
func TestPeers(t *testing.T) {
	const file = `ARG GLOBAL_TOKEN=a
FROM x AS build
ARG BUILDER_TOKEN=a
FROM x
ARG PLAIN_TOKEN=a
ARG PADDED_TOKEN=abc==
ARG NO_DEFAULT_TOKEN
ENV PASSPHRASE=a
ENV DATABASE_URL=postgres://u:p@h/d
ENV DB_PASSWORD_FILE=/run/secrets/x
ENV PUBLIC_KEY=a
ENV API_KEY_VERSION=1
ENV JENKINS_PSW=a
ENV git_key=
ENV OLD_KEY a value
ENV A=1 \
    B_SECRET=2
COPY id_rsa /root/.ssh/
RUN aws configure set aws_secret_access_key x
RUN --mount=type=secret,id=x aws configure set aws_secret_access_key x
RUN --mount=id=x,type=secret aws configure set aws_secret_access_key x
RUN echo _authToken=x > .npmrc
RUN az login -u x --password y
ENV VITE_GITHUB_TOKEN=x
ENV GOOGLE_APPLICATION_CREDENTIALS=/root/.ssh/gcp.json
ENV HF_TOKEN_PATH=/elsewhere/token
COPY x $AWS_CONFIG_FILE
ONBUILD ENV API_TOKEN=x
LABEL token=x
`
	for name, c := range map[string]struct {
		check func(string, []byte) []labelled.Found
		want  []int
	}{
		"BuildKit": {buildkit, []int{3, 5, 6, 7, 14, 15, 17, 24, 25, 26}},
		"trivy":    {trivy, []int{5, 7, 10, 12, 13, 14, 15, 17, 19, 21, 23, 24, 25, 27}},
	} {
		var got []int
		for _, f := range c.check("Dockerfile", []byte(file)) {
			got = append(got, f.First)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s complains of lines %v, want %v", name, got, c.want)
		}
	}
}
