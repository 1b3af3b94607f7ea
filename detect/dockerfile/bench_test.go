package dockerfile

import (
	"bytes"
	"testing"
)

// corpus is about 1 MB of Dockerfiles of the usual kind: long RUNs of continued lines, comments, a few variables.
func corpus() []byte {
	one := []byte(`# syntax=docker/dockerfile:1
# The service and what it needs to run.
ARG VERSION=3.19
FROM docker.io/library/alpine:${VERSION} AS build
LABEL org.opencontainers.image.title="service" org.opencontainers.image.source=https://example.test/service
ENV LANG=C.UTF-8 \
    PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    DB_HOST=db DB_PASSWORD="hunter2"
# hadolint ignore=DL3018
RUN set -eux; \
	apk add --no-cache --virtual .build-deps \
		ca-certificates \
		gcc \
		make \
		linux-headers \
		# needed by the tests
		openssl-dev \
	; \
	wget -O service.tar.gz "https://example.test/download/service-${VERSION}.tar.gz"; \
	echo "$SHA *service.tar.gz" | sha256sum -c -; \
	mkdir -p /usr/src/service && tar -xzf service.tar.gz -C /usr/src/service --strip-components=1; \
	cd /usr/src/service && ./configure --prefix=/usr --with-token="$TOKEN" && make -j "$(nproc)" all install
COPY --chown=app:app config/ /etc/service/
COPY docker-entrypoint.sh /usr/local/bin/
HEALTHCHECK --interval=30s CMD wget -q -O - http://localhost:8080/health || exit 1
USER app
EXPOSE 8080/tcp
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["service", "--listen", ":8080"]
`)
	return bytes.Repeat(one, 1+1<<20/len(one))
}

func BenchmarkParse(b *testing.B) {
	data := corpus()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(data)
	}
}

// BenchmarkAssignments is what a scan does with a Dockerfile: parsing included.
func BenchmarkAssignments(b *testing.B) {
	data := corpus()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Assignments(Parse(data))
	}
}

func BenchmarkResolve(b *testing.B) {
	data := corpus()
	f := Parse(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Resolve(f, func(in *Instruction, env *Env) {
			for i := range in.Vars {
				env.Word(in.Vars[i].Raw)
			}
		})
	}
}

// BenchmarkSmall is one file of usual size.
func BenchmarkSmall(b *testing.B) {
	data := corpus()
	data = data[:bytes.Index(data[1:], []byte("# syntax"))+1]
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Assignments(Parse(data))
	}
}
