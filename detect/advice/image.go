package advice

import "strings"

// fileSupport says which images read variables from files, from their documentation and entry points. The names are
// those without registry, tag and digest; one that ends with a slash stands for all below it.
var fileSupport = []struct {
	images string
	// names are prefixes of the variables that may be given as a file.
	names string
	// form makes the name of the file's variable; %s is the variable's.
	suffix, prefix string
}{
	{images: "postgres postgis/postgis timescale/timescaledb timescale/timescaledb-ha pgvector/pgvector", names: "POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS", suffix: "_FILE"},
	{images: "mysql percona percona/percona-server", names: "MYSQL_ROOT_PASSWORD MYSQL_PASSWORD MYSQL_USER MYSQL_DATABASE MYSQL_ROOT_HOST", suffix: "_FILE"},
	{images: "mariadb", names: "MARIADB_ MYSQL_", suffix: "_FILE"},
	{images: "mongo", names: "MONGO_INITDB_ROOT_", suffix: "_FILE"},
	{images: "mongo-express", names: "ME_CONFIG_MONGODB_ ME_CONFIG_BASICAUTH_", suffix: "_FILE"},
	{images: "wordpress", names: "WORDPRESS_", suffix: "_FILE"},
	{images: "nextcloud", names: "NEXTCLOUD_ADMIN_ MYSQL_ POSTGRES_ REDIS_HOST_PASSWORD SMTP_PASSWORD OBJECTSTORE_S3_", suffix: "_FILE"},
	{images: "redmine", names: "REDMINE_DB_ REDMINE_SECRET_KEY_BASE", suffix: "_FILE"},
	{images: "phpmyadmin phpmyadmin/phpmyadmin", names: "MYSQL_ROOT_PASSWORD MYSQL_PASSWORD MYSQL_USER PMA_PASSWORD PMA_USER PMA_HOST", suffix: "_FILE"},
	{images: "elasticsearch elasticsearch/elasticsearch", names: "ELASTIC_PASSWORD", suffix: "_FILE"},
	{images: "influxdb", names: "DOCKER_INFLUXDB_INIT_PASSWORD DOCKER_INFLUXDB_INIT_ADMIN_TOKEN DOCKER_INFLUXDB_INIT_USERNAME", suffix: "_FILE"},
	{images: "minio/minio", names: "MINIO_ROOT_", suffix: "_FILE"},
	{images: "dpage/pgadmin4", names: "PGADMIN_DEFAULT_PASSWORD", suffix: "_FILE"},
	{images: "vaultwarden/server bitwardenrs/server", names: "ADMIN_TOKEN SMTP_ DATABASE_URL YUBICO_ PUSH_", suffix: "_FILE"},
	{images: "zabbix/", names: "MYSQL_ POSTGRES_", suffix: "_FILE"},
	{images: "gvenzl/oracle-xe gvenzl/oracle-free", names: "ORACLE_PASSWORD APP_USER_PASSWORD", suffix: "_FILE"},
	{images: "n8nio/n8n", names: "N8N_ENCRYPTION_KEY DB_POSTGRESDB_ N8N_BASIC_AUTH_ N8N_SMTP_", suffix: "_FILE"},
	{images: "grafana/grafana grafana/grafana-oss grafana/grafana-enterprise", names: "GF_", suffix: "__FILE"},
	{images: "gitea/gitea", names: "GITEA__", suffix: "__FILE"},
	{images: "linuxserver/", names: "", prefix: "FILE__"},
	{images: "bitnami/postgresql bitnami/mysql bitnami/mariadb bitnami/mongodb bitnami/redis bitnami/wordpress bitnami/rabbitmq",
		names: "POSTGRESQL_ POSTGRES_ MYSQL_ MARIADB_ MONGODB_ REDIS_ WORDPRESS_ RABBITMQ_", suffix: "_FILE"},
}

// fileVariable is the variable by which an image takes the path of a file in the place of another variable's value;
// empty when it is not known to.
func fileVariable(image, name string) string {
	image = imageName(image)
	if image == "" || name == "" {
		return ""
	}
	for _, s := range fileSupport {
		for i := range strings.FieldsSeq(s.images) {
			if i != image && !(strings.HasSuffix(i, "/") && strings.HasPrefix(image, i)) {
				continue
			}
			if s.names == "" {
				return s.prefix + name + s.suffix
			}
			for p := range strings.FieldsSeq(s.names) {
				if name == p || strings.HasSuffix(p, "_") && strings.HasPrefix(name, p) {
					return s.prefix + name + s.suffix
				}
			}
		}
	}
	return ""
}

// imageName is a reference without registry, library/, tag and digest.
func imageName(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	if strings.ContainsAny(ref, "${}") {
		return ""
	}
	if first, rest, ok := strings.Cut(ref, "/"); ok && (strings.ContainsAny(first, ".:") || first == "localhost") {
		ref = rest
	}
	return strings.TrimPrefix(ref, "library/")
}
