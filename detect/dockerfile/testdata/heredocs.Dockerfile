FROM alpine
RUN <<EOF
#!/bin/sh
# inside
export DEPLOY_TOKEN=from-script
echo "$DEPLOY_TOKEN"
EOF
RUN <<-'STRIP' bash -eu
	PASSWORD='tab stripped'
		login --password "$PASSWORD"
	STRIP
RUN <<PY python3
password = "python"
PY
COPY <<app.env <<-"conf.ini" /etc/app/
DB_PASSWORD=file-value
export API_KEY="quoted"
app.env
	[main]
	secret = ini-value
	conf.ini
ADD --chown=1:1 <<'one two' /file
NAME=value
one two
RUN cat <<A > /root/.npmrc && tee -a /root/.netrc <<B
_authToken=npm-value
A
machine m password=net-value
B
RUN 3<<FD true
FD
RUN echo "<<NOT" && echo a<<NOTEITHER
RUN <<"" true
ONBUILD COPY <<E /later
LATER=1
E
RUN ["echo", "<<JSON"]
RUN <<EOF
cat <<INNER > /inner
INNER_KEY=inner-value
INNER
after=1
EOF
