# escape=x
FROM alpine AS
{{ if .Debug }}
ENV DEBUG_PASSWORD=found
{{ end }}
ENV ALONE
ENV A=1 B C=3
RUN [1, 2]
RUN <<NEVER
ENV AFTER=never
INSERT INTO users
ENV Q="open
ARG
ONBUILD ONBUILD RUN x
FROM
ENV LAST=found
ENV HASH=a # no comment
