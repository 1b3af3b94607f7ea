#!/usr/bin/env bash
: "${DB_PASSWORD:?set DB_PASSWORD}"
API_SECRET="${API_SECRET:-Sorrel-Weir-70}"
cat > .env <<EOF
DB_PASSWORD=Sorrel-Weir-71
API_SECRET=${API_SECRET}
EOF
mysql ${DB_PASSWORD:+-p"$DB_PASSWORD"} wp < seed.sql
helm upgrade wp ./chart --set auth.existingSecret=db
/kaniko/executor --context . --build-arg NPM_TOKEN=$NPM_TOKEN
