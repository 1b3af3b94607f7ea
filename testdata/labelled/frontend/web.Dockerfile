FROM node:22 AS build
ARG VITE_API_URL=https://api.example.com
ARG VITE_SENTRY_AUTH_TOKEN
ARG VITE_RECAPTCHA_PUBLIC_KEY={{alnum 40}}
ARG FONTAWESOME_NPM_AUTH_TOKEN={{UUID}}
ENV SENTRY_AUTH_TOKEN=$VITE_SENTRY_AUTH_TOKEN
COPY .npmrc ./
COPY package.json yarn.lock ./
RUN yarn install --frozen-lockfile && yarn build
FROM nginx:1.27-alpine
COPY --from=build /dist /usr/share/nginx/html
COPY nginx/server.key /etc/nginx/tls/server.key
COPY nginx/default.conf /etc/nginx/conf.d/default.conf
RUN <<SETUP
mkdir -p /etc/nginx/auth
echo "preview:$(openssl passwd -apr1 Lighthouse-Keeper-2)" > /etc/nginx/auth/preview
export BASIC_REALM=preview
SETUP
COPY <<EOT /usr/share/nginx/html/config.json
{
  "apiUrl": "https://api.example.com",
  "mapboxSecretToken": "sk.eyJ{{base64url 60}}.{{base64url 22}}",
  "authMode": "cookie"
}
EOT
