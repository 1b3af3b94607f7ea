FROM docker:27-cli
ARG REGISTRY=registry.example.com
ARG DEPLOY_USER=deploy
ARG DEPLOY_PASSWORD
RUN docker login -u "$DEPLOY_USER" -p "$DEPLOY_PASSWORD" $REGISTRY
RUN docker login -u robot -p {{alnum 20}} registry.example.com
RUN echo "{{alnum 24}}" | docker login --username ci --password-stdin ghcr.io
RUN --mount=type=secret,id=reg docker login -u ci --password-stdin registry.example.com < /run/secrets/reg
RUN curl -u ci:Quartz-Ferry-20 -fsSL https://artifacts.example.com/tool.tgz -o /tmp/tool.tgz
RUN curl -u "${ART_USER}:${ART_PASS}" -fsSL https://artifacts.example.com/tool2.tgz -o /tmp/tool2.tgz
RUN curl -fsSL -H "Authorization: Bearer {{alnum 40}}" https://api.example.com/v1/plugins > /plugins.json
RUN curl -fsSL -H "X-Api-Key: {{hex 32}}" https://api.example.com/v1/licenses > /licenses.json
RUN wget --user=ci --password='{{password 14}}' -q https://files.example.com/model.bin
RUN wget -qO- https://packages.example.com/gpg.key | gpg --dearmor > /usr/share/keyrings/example.gpg
RUN wget -q https://example.com/archive/{{hex 40}}.tar.gz
RUN helm repo add internal https://charts.example.com --username ci --password {{alnum 18}}
RUN npm config set //registry.npmjs.org/:_authToken=npm_{{alnum 36}}
RUN aws configure set aws_secret_access_key {{base64 40}}
RUN az login --service-principal -u {{uuid}} -p {{alnum 34}} --tenant {{uuid}}
RUN composer config --global http-basic.repo.example.com ci {{hex 40}}
RUN bundle config gems.example.com ci:{{alnum 20}}
RUN sshpass -p 'Tangerine!Lamp9' scp deploy@files.example.com:/srv/bundle.tgz /tmp/
RUN cargo login cio{{alnum 32}}
RUN doctl auth init -t dop_v1_{{hex 64}}
