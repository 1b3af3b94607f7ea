FROM alpine
RUN --mount=type=secret,id=aws,target=/root/.aws/credentials aws s3 cp x y
RUN --mount=id=npm,type=SECRET,env=NPM_TOKEN npm ci
RUN --mount=target=/run/secrets/x,required=true,type=secret cat /run/secrets/x > /x
RUN --mount="type=secret,source=a b" --mount=type=ssh --network=none true
RUN --mount=type=bind,\"source=a,b\",target=/x true
RUN --mount=type=cache,target=/c\
,sharing=locked \
  --mount=type=tmpfs,target=/t \
  --security=insecure true
RUN --flag true
RUN -- --not-a-flag
RUN --mount=
