FROM alpine
COPY id_rsa /root/.ssh/id_rsa
COPY .env .npmrc ./
ADD ["service account.json", "/app/"]
COPY --chown=app:app --from=build /root/.aws/ /root/.aws/
COPY . .
ADD . /app
COPY only
COPY "quoted" '/dest'
ADD git@example.test:org/repo.git /src
COPY	*.pem	/certs/
COPY ["one"]
