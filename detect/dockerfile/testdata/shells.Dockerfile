FROM alpine
HEALTHCHECK --interval=5m --timeout=3s CMD PGPASSWORD=health pg_isready -h localhost || exit 1
HEALTHCHECK CMD ["redis-cli", "--pass=json-pass", "ping"]
HEALTHCHECK NONE
ONBUILD ENV BUILD_PASSWORD=later OTHER=x
ONBUILD ARG BUILD_TOKEN=arg-later
ONBUILD RUN --mount=type=secret,id=x PASS=run-later make
ONBUILD COPY id_rsa /root/.ssh/
ENTRYPOINT ["/bin/sh", "-ec", "export SECRET_VALUE=\"es\u0063aped\" && exec app"]
CMD ["app", "--db-password", "in json", "--token=t"]
CMD app --password plain
RUN ["/bin/bash", "-c", "TOKEN=exec run"]
RUN ['not', 'json']
RUN [ -f x ] && y
RUN set -eux; if [ -n "$X" ]; then PASSWORD="p;q" db init --user u; fi; a=$(TOKEN=in cmd --key k) b; \
    echo "secret=${SECRET:-default-secret}" >> f 2>&1; (SUB=shell x) & `BACK=quoted y`
STOPSIGNAL SIGTERM
USER app:app
WORKDIR "/with space"
VOLUME ["/data", "/more"]
VOLUME /a /b
EXPOSE 80/tcp 443
MAINTAINER Someone "quoted" <someone@example.test>
