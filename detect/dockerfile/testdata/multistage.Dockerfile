# check=skip=SecretsUsedInArgOrEnv;error=true
ARG BASE=builder
ARG VERSION=1.2
FROM --platform=$BUILDPLATFORM golang:${VERSION}-alpine AS Builder
ARG VERSION
ARG TOKEN
ENV URL=https://x:$TOKEN@example.test/$VERSION GOFLAGS=${GOFLAGS:--mod=mod}
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=netrc,required go build
FROM $BASE AS tester
RUN test "$URL"
FROM scratch
COPY --from=builder --chown=1:1 /out /bin/
COPY --from=0 --chmod=600 ["/root/.netrc", "/root/my file", "/"]
COPY --link . .
ADD https://user:pass@example.test/x.tgz /x/
