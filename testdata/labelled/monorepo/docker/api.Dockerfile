from python:3.12 as base
arg PIP_INDEX_PASSWORD
run pip config set global.index-url "https://ci:${PIP_INDEX_PASSWORD}@pypi.example.com/simple"
env app_secret=whistling-otter-19
ARG BUILD_DATE VCS_REF DEPLOY_TOKEN={{alnum 28}} LOG_LEVEL=info
ENV TZ=UTC LC_ALL=C.UTF-8 GRAPHQL_ADMIN_SECRET="seven sleepy seals" DEBUG=0
WORKDIR /srv
COPY --chown=app:app . /srv
COPY services/api/.env.staging /srv/.env
COPY services/api/tokens.py services/api/secrets.py /srv/api/
CMD uvicorn api:app --host 0.0.0.0
