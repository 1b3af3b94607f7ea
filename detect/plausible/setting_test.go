package plausible_test

import (
	"strings"
	"testing"

	"rummage/detect/assignment"
	"rummage/detect/plausible"
)

// verdict is what the filter of the name's rule says of NAME=value in a context: yes, weak or no, with the reason.
func settingVerdict(c assignment.Context, name, value string) (string, string) {
	data := []byte(name + "=" + value)
	a := assignment.Assignment{Context: c, Name: assignment.Span{End: len(name)}, Value: assignment.Span{Start: len(name) + 1, End: len(data)}}
	filter := plausible.Password
	if low := strings.ToLower(name); (strings.Contains(low, "key") || strings.Contains(low, "token") || strings.Contains(low, "auth")) && !strings.Contains(low, "pass") {
		filter = plausible.Token
	}
	v := filter(data, a)
	switch {
	case v.Weak:
		return "weak", v.Reason
	case v.Plausible:
		return "yes", v.Reason
	}
	return "no", v.Reason
}

// TestSettings judges values of variables as a careful reader would: yes is a credential, weak a known default or a
// plain word, no a placeholder, a reference, or a name that is about a secret.
func TestSettings(t *testing.T) {
	const dotenv, sample, compose = "dotenv", "dotenv.sample", "compose.environment"
	for _, c := range []struct {
		context     assignment.Context
		name, value string
		want        string
	}{
		// Passwords that people choose.
		{compose, "POSTGRES_PASSWORD", "postgres", "weak"},
		{compose, "POSTGRES_PASSWORD", "Postgres", "weak"},
		{compose, "MYSQL_ROOT_PASSWORD", "root", "weak"},
		{compose, "MYSQL_ROOT_PASSWORD", "secret", "weak"},
		{compose, "MYSQL_PASSWORD", "wordpress", "weak"},
		{compose, "MONGO_INITDB_ROOT_PASSWORD", "example", "weak"},
		{compose, "GF_SECURITY_ADMIN_PASSWORD", "admin", "weak"},
		{compose, "RABBITMQ_DEFAULT_PASS", "guest", "weak"},
		{compose, "MINIO_ROOT_PASSWORD", "minioadmin", "weak"},
		{compose, "MINIO_SECRET_KEY", "minioadmin", "weak"},
		{compose, "DB_PASSWORD", "password", "weak"},
		{compose, "DB_PASSWORD", "password123", "weak"},
		{compose, "DB_PASSWORD", "123456", "weak"},
		{compose, "DB_PASSWORD", "1234", "weak"},
		{compose, "DB_PASSWORD", "12345678", "weak"},
		{compose, "DB_PASSWORD", "qwerty", "weak"},
		{compose, "DB_PASSWORD", "letmein", "weak"},
		{compose, "DB_PASSWORD", "P@ssw0rd", "weak"},
		{compose, "DB_PASSWORD", "abc", "weak"},
		{compose, "DB_PASSWORD", "db", "weak"},
		{compose, "DB_PASSWORD", "test", "weak"},
		{compose, "DB_PASSWORD", "banana", "weak"},
		{compose, "DB_PASSWORD", "sunshine", "weak"},
		{compose, "DB_PASS", "laradock", "weak"},
		{compose, "DB_PASSWD", "admin123", "weak"},
		{compose, "SA_PASSWORD", "Passw0rd!", "weak"},
		{compose, "SMTP_PASSWORD", "hunter2", "weak"},
		{compose, "DB_PASSWORD", "correct-horse-battery-staple", "weak"},
		{compose, "DB_PASSWORD", "correct horse battery staple", "weak"},
		{compose, "SA_PASSWORD", "Yukon900!x", "yes"},
		{compose, "DB_PASSWORD", "kX82mQp4vT", "yes"},
		{compose, "DB_PASSWORD", "x9F#kq!2Lm", "yes"},
		{compose, "DB_PASSWORD", "ahG7ohn3", "yes"},
		{compose, "DB_PASSWORD", "a8f5f167f44f4964e6c998dee827110c", "yes"},
		{compose, "REDIS_PASSWORD", "eYVX7EwVmmxKPCDmwMtyKVge8oLd2t81", "yes"},
		{compose, "ADMIN_PASSWORD", "Summer2024", "yes"},
		{compose, "ADMIN_PASSWORD", "Tr0ub4dor&3", "yes"},
		{compose, "ADMIN_PASSWORD", "pässwörd9", "yes"},

		// Keys and tokens.
		{dotenv, "SECRET_KEY", "django-insecure-5w6n@k#u^s9q2m7z!x0v", "yes"},
		{dotenv, "SECRET_KEY", "4f3c2b1a9e8d7c6b5a4f3e2d1c0b9a8f", "yes"},
		{dotenv, "API_KEY", "kX82mQp4vTz91LrW", "yes"},
		{dotenv, "APP_KEY", "base64:3q2+7wAAq83vASNFZ4mrze8BI0VniavN7wECAwQFBgc=", "yes"},
		{dotenv, "JWT_SECRET", "supersecret", "weak"},
		{dotenv, "JWT_SECRET", "mysecret", "weak"},
		{dotenv, "SESSION_SECRET", "keyboard cat", "weak"},
		{dotenv, "SECRET_KEY_BASE", "b5c1e6e0a1f6f44c9d3a8a7e2d5b3c1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b", "yes"},
		{dotenv, "GITHUB_TOKEN", "ghz_8fK2mQp4vTz91LrWx7Yb3NcD6sHj", "yes"},
		{dotenv, "NPM_TOKEN", "1f0c2f6e-4d2b-4c1f-9c57-0a4b7d9e6f3a", "yes"},
		{dotenv, "ENCRYPTION_KEY", "AAECAwQFBgcICQoLDA0ODw==", "yes"},
		{dotenv, "AWS_SECRET_ACCESS_KEY", "wJb7XUtnFEMIxK7MDENGybPxRfiCYzQ8pLm3nVtR", "yes"},

		// Nothing is there, or something else.
		{compose, "DB_PASSWORD", "", "no"},
		{compose, "DB_PASSWORD", " ", "no"},
		{compose, "DB_PASSWORD", "${DB_PASSWORD}", "no"},
		{compose, "DB_PASSWORD", "$DB_PASSWORD", "no"},
		{compose, "DB_PASSWORD", "${DB_PASSWORD:?needed}", "no"},
		{compose, "DB_PASSWORD", "$(cat /run/secrets/db)", "no"},
		{compose, "DB_PASSWORD", "`cat /run/secrets/db`", "no"},
		{compose, "DB_PASSWORD", "{{ db_password }}", "no"},
		{compose, "DB_PASSWORD", "{{db_password}}", "no"},
		{compose, "DB_PASSWORD", "<%= ENV['DB'] %>", "no"},
		{compose, "DB_PASSWORD", "%DB_PASSWORD%", "no"},
		{compose, "DB_PASSWORD", "%(db_password)s", "no"},
		{compose, "DB_PASSWORD", "@@DB_PASSWORD@@", "no"},
		{compose, "DB_PASSWORD", "__DB_PASSWORD__", "no"},
		{compose, "DB_PASSWORD", "changeme", "no"},
		{compose, "DB_PASSWORD", "change_me", "no"},
		{compose, "DB_PASSWORD", "ChangeMe!", "no"},
		{compose, "DB_PASSWORD", "changeme123", "no"},
		{compose, "DB_PASSWORD", "CHANGE-THIS-PASSWORD", "no"},
		{compose, "DB_PASSWORD", "please-change-me", "no"},
		{compose, "DB_PASSWORD", "your-password", "no"},
		{compose, "DB_PASSWORD", "your_password_here", "no"},
		{compose, "DB_PASSWORD", "yourpassword", "no"},
		{compose, "DB_PASSWORD", "<your-password>", "no"},
		{compose, "DB_PASSWORD", "<password>", "no"},
		{compose, "DB_PASSWORD", "[password]", "no"},
		{compose, "DB_PASSWORD", "{password}", "no"},
		{compose, "DB_PASSWORD", "xxx", "no"},
		{compose, "DB_PASSWORD", "XXXXXXXX", "no"},
		{compose, "DB_PASSWORD", "********", "no"},
		{compose, "DB_PASSWORD", "....", "no"},
		{compose, "DB_PASSWORD", "----", "no"},
		{compose, "DB_PASSWORD", "true", "no"},
		{compose, "DB_PASSWORD", "false", "no"},
		{compose, "DB_PASSWORD", "yes", "no"},
		{compose, "DB_PASSWORD", "no", "no"},
		{compose, "DB_PASSWORD", "on", "no"},
		{compose, "DB_PASSWORD", "null", "no"},
		{compose, "DB_PASSWORD", "None", "no"},
		{compose, "DB_PASSWORD", "~", "no"},
		{compose, "DB_PASSWORD", "0", "no"},
		{compose, "DB_PASSWORD", "redacted", "no"},
		{compose, "DB_PASSWORD", "<redacted>", "no"},
		{compose, "DB_PASSWORD", "REPLACE_ME", "no"},
		{compose, "DB_PASSWORD", "TODO", "no"},
		{compose, "DB_PASSWORD", "FIXME", "no"},
		{compose, "DB_PASSWORD", "insert-password-here", "no"},
		{compose, "DB_PASSWORD", "enter password", "no"},
		{compose, "DB_PASSWORD", "put your password here", "no"},
		{compose, "DB_PASSWORD", "not-a-real-password", "no"},
		{compose, "DB_PASSWORD", "placeholder", "no"},
		{compose, "DB_PASSWORD", "dummy", "no"},
		{compose, "DB_PASSWORD", "set by the operator, see the docs", "no"},
		{compose, "DB_PASSWORD", "/run/secrets/db_password", "no"},
		{compose, "DB_PASSWORD", "./secrets/db.txt", "no"},
		{compose, "DB_PASSWORD", "file:///run/secrets/db", "no"},
		{compose, "DB_PASSWORD", "vault:secret/data/db#password", "no"},
		{compose, "DB_PASSWORD", "op://vault/db/password", "no"},
		{compose, "DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db", "no"},
		{compose, "DB_PASSWORD", "ssm:/prod/db/password", "no"},
		{compose, "DB_PASSWORD", "projects/p/secrets/db/versions/latest", "no"},
		{compose, "DB_PASSWORD", "encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt+Z9HPMfLEIRVz50hmLXPXRuDBXaJi", "no"},
		{compose, "DB_PASSWORD", "encrypted:not7", "weak"},
		{compose, "PGPASS", "Larch-215", "yes"},
		{compose, "SMTPPASS", "Larch-215", "yes"},
		{compose, "PW", "Larch-215", "yes"},
		{compose, "DB_PASSWORD_COMMAND", "pass show db", "no"},
		{compose, "SECRET_CMD", "gpg -d f7.gpg", "no"},
		{compose, "DB_PASSWORD", "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]", "no"},
		{compose, "DB_PASSWORD", "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "no"},
		{compose, "ADMIN_PASSWORD", "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "no"},
		{compose, "API_KEY", "your-api-key", "no"},
		{compose, "API_KEY", "your_api_key_here", "no"},
		{compose, "API_KEY", "<API_KEY>", "no"},
		{compose, "API_KEY", "xxxxxxxxxxxxxxxx", "no"},
		{compose, "API_KEY", "api_key", "no"},
		{compose, "API_KEY", "apikey", "no"},
		{compose, "SECRET_KEY", "app_secret_key", "weak"},
		{compose, "SECRET_TOKEN", "generate_with_openssl", "no"},
		{compose, "API_TOKEN", "0000000000000000", "no"},
		{compose, "API_KEY", "https://example.org/keys", "no"},
		{compose, "CACHE_KEY", "products:list", "no"},
		{compose, "PARTITION_KEY", "customer_id", "no"},

		{compose, "DB_PASSWORD", "%env(DB_PASSWORD)%", "no"},
		{compose, "DB_PASSWORD", "#{DB_PASSWORD}#", "no"},
		{compose, "DB_PASSWORD", "((db-password))", "no"},
		{compose, "DB_PASSWORD", "secret://db/password", "no"},
		{compose, "DB_PASSWORD", "ref+vault://secret/db#/password", "no"},
		{compose, "DB_PASSWORD", "${A}${B}", "no"},
		{compose, "DB_PASSWORD", "${A}-${B}", "no"},
		{compose, "DB_PASSWORD", "[[db_password]]", "no"},
		{compose, "DB_PASSWORD", "{{ .Values.password }}", "no"},
		{compose, "DB_PASSWORD", "${{ secrets.DB_PASSWORD }}", "no"},
		{compose, "DB_PASSWORD", "not set", "no"},
		{compose, "DB_PASSWORD", "(none)", "no"},
		{compose, "DB_PASSWORD", "any", "no"},
		{compose, "DB_PASSWORD", "n/a", "no"},
		{compose, "SSH_KEY", "~/.ssh/id_rsa", "no"},
		{compose, "SSH_KEY", "id_rsa", "no"},
		{compose, "TLS_KEY", "server.key", "no"},
		{compose, "API_KEY", "!YOUR_KEY!", "no"},
		{compose, "API_TOKEN", "token", "no"},
		{compose, "API_TOKEN", "my-token", "no"},
		{compose, "APP_KEY", "SomeRandomString", "no"},
		{compose, "SECRET_KEY_BASE", "!YOUR_SECRET!", "no"},
		{compose, "TOKEN", "abcdef", "no"},
		{compose, "KEY", "value", "no"},
		{compose, "DB_PASSWORD", "value", "no"},
		{compose, "DB_PASSWORD", "string", "no"},

		// More that is found in public files.
		{compose, "ELASTIC_PASSWORD", "elastic", "weak"},
		{compose, "LDAP_ADMIN_PASSWORD", "admin_password", "weak"},
		{compose, "WORDPRESS_DB_PASSWORD", "exampleuser", "weak"},
		{compose, "KEYCLOAK_ADMIN_PASSWORD", "Pa55w0rd", "weak"},
		{compose, "PGADMIN_DEFAULT_PASSWORD", "pgadmin4", "weak"},
		{compose, "MYSQL_PASSWORD", "mysql", "weak"},
		{compose, "MYSQL_PASSWORD", "test123", "weak"},
		{compose, "MYSQL_PASSWORD", "root1234", "weak"},
		{compose, "MYSQL_PASSWORD", "pass", "weak"},
		{compose, "MYSQL_PASSWORD", "my-secret-pw", "weak"},
		{compose, "MYSQL_PASSWORD", "somewordpress", "weak"},
		{compose, "MYSQL_PASSWORD", "1q2w3e4r", "weak"},
		{compose, "MYSQL_PASSWORD", "qwe123", "weak"},
		{compose, "SECRET_KEY", "insecure", "weak"},
		{compose, "SECRET_KEY", "super-secret-key", "weak"},
		{compose, "JWT_SECRET", "secret", "weak"},
		{compose, "SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5", "yes"},
		{compose, "TUNNEL_TOKEN", "eyJhIjoiNGQ3YTZiMmM5ZTFmIiwidCI6IjVmM2EifQ", "yes"},
		{compose, "PASSWORD", "Bäckerei-Müller-42", "yes"},
		{compose, "PASSWORD", "Qm7#kX82", "yes"},
		{compose, "PASSWORD", "2JT-kq9", "yes"},
		{compose, "PASSWORD", "!QAZ2wsx", "weak"},
		{compose, "PASSWORD", "blue42", "yes"},
		{compose, "PASSWORD", "SQL_password123", "weak"},
		{compose, "API_TOKEN", "wobbly-teacup-token", "weak"}, // of one's own server
		{compose, "PASSWORD", "Welcome1", "weak"},
		{compose, "JWT_SECRET", "abcdef", "weak"},
		{compose, "JWT_SECRET", "my-key", "weak"},
		{compose, "ENCRYPTION_KEY", "my-encryption-key", "weak"},
		{compose, "OPENAI_API_KEY", "my-openai-api-key", "no"},
		{compose, "CLIENT_SECRET", "my-client-secret", "weak"},

		// Names that are about a secret.
		{compose, "ENABLE_PASSWORD_AUTH", "1", "no"},
		{compose, "PASSWORD_SALT_ROUNDS", "12", "no"},
		{compose, "API_KEY_HEADER", "X-Api-Key9", "no"},
		{compose, "TOKEN_HEADER_NAME", "X-Auth-Token9", "no"},
		{compose, "TOKEN_ALGORITHM", "HS256", "no"},
		{compose, "JWT_ALGORITHM", "RS256", "no"},
		{compose, "SECRET_ID", "kX82mQp4vT", "no"},
		{compose, "VAULT_SECRET_PATH", "kv9/data", "no"},
		{compose, "SECRET_STORE", "vault9x", "no"},
		{compose, "SECRETS_BACKEND", "vault9x", "no"},
		{compose, "PASSWORD_FIELD", "kX82mQp4vT", "no"},
		{compose, "DISABLE_PASSWORD_LOGIN", "yes9x", "no"},
		{compose, "KEY_LENGTH", "4096", "no"},
		{compose, "RSA_KEY_SIZE", "4096", "no"},
		{compose, "KEYCLOAK_REALM", "kX82mQp4vT", "no"},
		{compose, "KEYSTORE_TYPE", "PKCS12", "no"},
		{compose, "IMAGE_PULL_SECRET", "regcred", "no"},
		{compose, "PASSWORDLESS", "true9x", "no"},
		{compose, "AUTHOR", "kX82mQp4vTz9", "no"},
		{compose, "AUTHORITY", "kX82mQp4vTz9", "no"},
		{compose, "BYPASS_CACHE", "kX82mQp4vTz9", "no"},
		{compose, "AWS_ACCESS_KEY_ID_NAME", "kX82mQp4vTz91LrW", "no"},
		{compose, "KEY_ID", "kX82mQp4vTz91LrW", "no"},
		{compose, "CLIENT_ID", "kX82mQp4vTz91LrW", "no"},
		{compose, "TOKEN_URL", "kX82mQp4vTz91LrW", "no"},
		{compose, "TOKEN_ENDPOINT", "kX82mQp4vTz91LrW", "no"},
		{compose, "TOKEN_ISSUER", "kX82mQp4vTz91LrW", "no"},
		{compose, "TOKEN_TTL", "3600", "no"},
		{compose, "TOKEN_EXPIRY", "24h", "no"},
		{compose, "TOKEN_EXPIRES_IN", "3600", "no"},
		{compose, "TOKEN_LIFETIME", "86400", "no"},
		{compose, "JWT_EXPIRATION", "3600000", "no"},
		{compose, "MAX_TOKENS", "4096", "no"},
		{compose, "PASSWORD_MIN_LENGTH", "12", "no"},
		{compose, "PASSWORD_POLICY", "kX82mQp4vT", "no"},
		{compose, "PASSWORD_RESET_URL", "kX82mQp4vT", "no"},
		{compose, "PASSWORD_HASHER", "argon2id9", "no"},
		{compose, "PASSWORD_AUTHENTICATION", "disabled", "no"},
		{compose, "ALLOW_EMPTY_PASSWORD", "yes", "no"},
		{compose, "ALLOW_EMPTY_PASSWORD", "1", "no"},
		{compose, "MYSQL_ALLOW_EMPTY_PASSWORD", "true", "no"},
		{compose, "MYSQL_RANDOM_ROOT_PASSWORD", "yes", "no"},
		{compose, "MYSQL_RANDOM_ROOT_PASSWORD", "1", "no"},
		{compose, "AUTH_MODE", "kX82mQp4vTz9", "no"},
		{compose, "AUTH_TYPE", "scram-sha-256", "no"},
		{compose, "AUTH_METHOD", "trust", "no"},
		{compose, "AUTH_ENABLED", "true", "no"},
		{compose, "POSTGRES_HOST_AUTH_METHOD", "trust", "no"},
		{compose, "PUBLIC_KEY", "kX82mQp4vTz91LrW", "no"},
		{compose, "SSH_PUBLIC_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8", "no"},
		{compose, "VAPID_PUBLIC_KEY", "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA", "no"},
		{compose, "STRIPE_PUBLISHABLE_KEY", "kX82mQp4vTz91LrW", "no"},
		{compose, "RECAPTCHA_SITE_KEY", "6Lc8fK2mQp4vTz91LrWx7Yb3NcD6sHj", "no"},
		{compose, "KEY_VERSION", "7", "no"},
		{compose, "PASSWORD_VERSION", "kX82mQp4vT", "no"},
		{compose, "TOKEN_VERSION", "v2beta9", "no"},
		{compose, "POSTGRES_PASSWORD_FILE", "/run/secrets/db", "no"},
		{compose, "POSTGRES_PASSWORD_FILE", "db_password9x", "no"},
		{compose, "SSL_KEY_FILE", "server9.key", "no"},
		{compose, "KEY_PATH", "conf9x", "no"},
		{compose, "PRIVATE_KEY_PATH", "keys9x", "no"},
		{compose, "SECRET_NAME", "kX82mQp4vT", "no"},
		{compose, "SECRET_ARN", "kX82mQp4vT", "no"},
		{compose, "SECRETS_DIR", "kX82mQp4vT", "no"},
		{compose, "TOKEN_NAME", "kX82mQp4vT", "no"},
		{compose, "COOKIE_NAME", "kX82mQp4vT", "no"},
		{compose, "COOKIE_SECURE", "true", "no"},
		{compose, "SESSION_DRIVER", "redis9x", "no"},
		{compose, "SORT_KEY", "kX82mQp4vTz9", "no"},
		{compose, "PRIMARY_KEY", "kX82mQp4vTz9", "no"},
		{compose, "FOREIGN_KEY_CHECKS", "0", "no"},
		{compose, "KEYBOARD", "us-intl9x", "no"},
		{compose, "MONKEY", "kX82mQp4vTz9", "no"},
		{compose, "TOKENIZER", "cl100k_base", "no"},
		{compose, "COMPASS", "kX82mQp4vTz9", "no"},
		{compose, "PASSENGER_APP_ENV", "production", "no"},
		{compose, "PASSTHROUGH", "kX82mQp4vTz9", "no"},

		// Samples and comments show what a value looks like.
		{sample, "DB_PASSWORD", "secret", "no"},
		{sample, "DB_PASSWORD", "postgres", "no"},
		{sample, "DB_PASSWORD", "password123", "no"},
		{sample, "DB_PASSWORD", "my-database-password", "no"},
		{sample, "DB_PASSWORD", "kX82mQp4vT", "yes"},
		{sample, "API_KEY", "kX82mQp4vTz91LrW", "yes"},
		{sample, "API_KEY", "sk-your-key", "no"},
		{sample, "API_KEY", "hdgfadsfahg---apikey---hdgfadsfahg", "no"},
		{sample, "SECRET_KEY", "b4d-s3cr3t-xkq9z-secret", "no"},
		{"dotenv.comment", "DB_PASSWORD", "postgres", "no"},
		{"dotenv.comment", "DB_PASSWORD", "kX82mQp4vT", "yes"},
		{"compose.comment", "DB_PASSWORD", "secret", "no"},
		{"compose.comment", "DB_PASSWORD", "kX82mQp4vT", "yes"},
		{"dockerfile.comment", "DB_PASSWORD", "kX82mQp4vT", "yes"},

		// Fingerprints of OpenPGP, as base images have them.
		{"image.env", "NGINX_GPGKEY", "573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62", "no"},
		{"image.history", "key", "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8", "no"},
		{"image.history", "keys", "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8 573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62", "no"},
		{"image.history", "keys", "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8 573BFD6B3D8FBC641079A6ABABF5BD827BD9BF6", "weak"},
		{"image.env", "NGINX_GPGKEY", "573bfd6b3d8fbc641079a6ababf5bd827bd9bf62", "yes"},
		{"image.env", "API_KEY", "573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62", "yes"},

		// Every context of settings judges alike.
		{"text.assignment", "PASS", "orchard-215", "no"}, // for comparison
		{"image.env", "PASS", "orchard-215", "yes"},
		{"image.history", "PASS", "orchard-215", "yes"},
		{"image.build-arg", "PASS", "orchard-215", "yes"},
		{"image.provenance", "PASS", "orchard-215", "yes"},
		{"dockerfile.env", "DB_PASSWORD", "postgres", "weak"},
		{"dockerfile.arg", "DB_PASSWORD", "postgres", "weak"},
		{"dockerfile.run", "PGPASSWORD", "postgres", "weak"},
		{"kubernetes.secret", "password", "postgres", "weak"},
		{"kubernetes.env", "DB_PASSWORD", "postgres", "weak"},
		{"github.env", "POSTGRES_PASSWORD", "postgres", "weak"},
		{"gitlab.variables", "POSTGRES_PASSWORD", "postgres", "weak"},
		{"helm.values", "postgresqlPassword", "postgres", "weak"},
		{"helm.values", "existingSecret", "my-secret", "no"},
		{"command.set", "existingSecret", "db", "no"},
		{"command.set", "existingSecret", "postgres", "no"},
		{"helm.values", "secretName", "my-secret9x", "no"},
		{"helm.values", "passwordKey", "db-password", "no"},
		{"helm.values", "secretKey", "postgres-password", "no"},
		{"helm.values", "secretKey", "app_secret_key", "no"},
		{"image.env", "DB_PASSWORD", "postgres", "weak"},
	} {
		if got, why := settingVerdict(c.context, c.name, c.value); got != c.want {
			t.Errorf("%s %s=%s: %s (%s), want %s", c.context, c.name, c.value, got, why, c.want)
		}
	}
}

// TestNames: the names for which it matters that they are given at all, and values by the variables in them.
func TestNameAlone(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"NPM_TOKEN", "", true}, {"GITHUB_TOKEN", "", true}, {"TOKEN", "", true}, {"CI_JOB_TOKEN", "", true}, {"SENTRY_AUTH_TOKEN", "", true},
		{"API_KEY", "", true}, {"OPENAI_API_KEY", "", true}, {"DB_PASSWORD", "", true}, {"DB_PASS", "", true}, {"MYSQL_PWD", "", true}, {"PASSWORD", "x", true},
		{"SECRET", "", true}, {"CLIENT_SECRET", "", true}, {"SECRET_KEY_BASE", "", true}, {"RAILS_MASTER_KEY", "", true}, {"AWS_SECRET_ACCESS_KEY", "", true},
		{"SSH_PRIVATE_KEY", "", true}, {"SSH_KEY", "", true}, {"DEPLOY_KEY", "", true}, {"GIT_CREDENTIALS", "", true}, {"npm_token", "", true}, {"githubToken", "", true},
		{"COMPOSER_AUTH", "", true}, {"NPM_AUTH", "", true}, {"NUGET_PAT", "", true}, {"PASSPHRASE", "", true}, {"JWT", "", true}, {"ENCRYPTION_KEY", "", true},

		{"VERSION", "", false}, {"TOKEN_URL", "", false}, {"TOKEN_TTL", "", false}, {"MAX_TOKENS", "", false}, {"TOKENIZER", "", false}, {"TOKENIZERS_PARALLELISM", "", false},
		{"PUBLIC_KEY", "", false}, {"SSH_PUBLIC_KEY", "", false}, {"GPG_KEY", "", false}, {"KEY", "", false}, {"CACHE_KEY", "", false}, {"KEY_ID", "", false},
		{"AWS_ACCESS_KEY_ID", "", false}, {"SIGNING_KEY_ID", "", false}, {"CLIENT_ID", "", false}, {"SECRET_NAME", "", false}, {"SECRET_ID", "", false},
		{"PASSWORD_FILE", "", false}, {"DB_PASSWORD_FILE", "", false}, {"PASSWORD_MIN_LENGTH", "", false}, {"AUTH_MODE", "", false}, {"AUTHOR", "", false},
		{"KEYCLOAK_VERSION", "", false}, {"PASSENGER_VERSION", "", false}, {"COMPASS", "", false}, {"MONKEY", "", false}, {"PIP_INDEX_URL", "", false},
		{"DB_PASSWORD", "/run/secrets/db", false}, {"SSH_KEY", "/root/.ssh/id_rsa", false}, {"PATH", "/opt/bin:$PATH", false}, {"", "", false},

		// By the variables that are put in.
		{"URL", "https://x:${NPM_TOKEN}@h/", true}, {"A", "$DB_PASSWORD", true}, {"A", "${DB_PASSWORD:-x}", true}, {"A", "p-${VERSION}-$API_KEY", true},
		{"A", "${{ secrets.NPM_TOKEN }}", true}, {"A", "$TOKEN_URL", false}, {"A", "${VERSION}", false}, {"A", "DB_PASSWORD", false}, {"A", "$", false}, {"A", "${", false},
		{"A", "$PUBLIC_KEY/${KEY_ID}", false}, {"A", "100$", false},
	} {
		data := []byte(c.name + "=" + c.value)
		a := assignment.Assignment{Context: "dockerfile.env-arg", Name: assignment.Span{End: len(c.name)}, Value: assignment.Span{Start: len(c.name) + 1, End: len(data)}}
		if v := plausible.Name(data, a); v.Plausible != c.want {
			t.Errorf("%s=%s: %v (%s)", c.name, c.value, v.Plausible, v.Reason)
		}
		if a.Context = "dockerfile.arg-open"; c.value == "" {
			if v := plausible.Name(data, a); v.Plausible != c.want {
				t.Errorf("ARG %s: %v (%s)", c.name, v.Plausible, v.Reason)
			}
		}
	}
}
