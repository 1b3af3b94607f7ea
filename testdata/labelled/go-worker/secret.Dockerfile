# syntax=docker/dockerfile:1.10
FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod ./
RUN --mount=type=secret,id=github_token,env=GITHUB_TOKEN \
    GIT_CONFIG_COUNT=1 \
    GIT_CONFIG_KEY_0="url.https://x-access-token:${GITHUB_TOKEN}@github.com/.insteadOf" \
    GIT_CONFIG_VALUE_0="https://github.com/" \
    go mod download
RUN --mount=type=secret,id=netrc,target=/root/.netrc go build ./...
RUN --mount=type=ssh git clone git@github.com:example/schemas.git /schemas
RUN --mount=type=secret,id=sonar,dst=/run/secrets/sonar \
    sonar-scanner -Dsonar.token="$(cat /run/secrets/sonar)"
RUN --mount=type=secret,id=vault_token \
    export VAULT_TOKEN=$(cat /run/secrets/vault_token) \
    && vault kv get -field=license secret/worker | worker-activate --stdin
RUN --mount=id=aws,type=secret,target=/root/.aws/credentials,required aws s3 cp s3://example-models/base.bin /models/
RUN --mount=type=secret,id=gh \
    gh auth login --with-token < /run/secrets/gh \
    && gh release download v1.2.0 -R example/worker
RUN --mount=type=secret,id=license cat /run/secrets/license > /etc/worker/license.key
RUN --mount=type=secret,id=tok,env=TOK echo "token: $TOK" >> /etc/worker/config.yml
RUN --mount=type=secret,id=tok,required curl -fsS -H "Authorization: Bearer $(cat /run/secrets/tok)" https://dl.example.com/worker.tgz | tar xz -C /opt
RUN --mount=type=secret,id=dbpass \
    mkdir -p /etc/worker && \
    cp /run/secrets/dbpass /etc/worker/dbpass && \
    chmod 600 /etc/worker/dbpass
RUN --mount=type=secret,id=pip cat /run/secrets/pip > /tmp/pip.conf && PIP_CONFIG_FILE=/tmp/pip.conf pip install worker-tools && rm /tmp/pip.conf
ENV DB_PASSWORD_FILE=/run/secrets/db_password
ENV TOKEN_VERSION=3
