package command

import (
	"strings"
	"sync"
)

// kind says what the value of an option, or an operand, is.
type kind uint8

const (
	none         kind = iota // something else
	mark                     // an option without a value, which matters for others
	in                       // an option without a value: the secret is what the program reads
	password                 // the whole value, as those down to hash
	token                    //
	basic                    //
	hash                     //
	userColon                // user:password
	userPercent              // user%password
	userComma                // user,password
	userSlash                // user/password@database
	header                   // Authorization: Bearer token
	buildArg                 // NAME=value
	env                      // NAME=value
	setPath                  // a.b.name=value,c=value
	passArg                  // pass:password
	pair                     // name=value, if the name tells
	literal                  // name=value of a secret
	flag                     // the whole value, of an option that is not known and whose name tells
	mountOptions             // a,user=b,password=c
	script                   // text of a shell
	key                      // the name of the operand behind it, if it tells
	keyed                    // the value of the key before it
	secretName               // the name of what is read
)

var kindNames = map[string]kind{
	"mark": mark, "in": in, "pw": password, "tk": token, "basic": basic, "hash": hash, "user:pw": userColon, "user%pw": userPercent,
	"user,pw": userComma, "user/pw": userSlash, "header": header, "arg": buildArg, "env": env, "set": setPath, "pass:": passArg,
	"pair": pair, "literal": literal, "opts": mountOptions, "sh": script, "key": key, "keyed": keyed, "name": secretName, "-": none,
}

// option is what is known of an option.
type option struct {
	kind   kind
	joined bool // it has a value only in the same word
}

// rule is what is known of a program, or of one of its subcommands.
type rule struct {
	sub      []string // the operands that it begins with
	options  map[string]option
	operands []kind
	more     kind   // of the operands behind these
	nested   int    // at which operand behind sub another command begins, -1 if none does
	only     string // a letter that must be among its options
	cluster  bool   // options that are not known have no value: -sSu has the options s, S and u
	plus     bool   // options may begin with a plus
	ordered  bool   // no option of its own stands behind the operands before another command
	settings bool   // the operands are a setting and its values; see settings.go
}

// unknown is the rule of programs that are not known.
var unknown = rule{nested: -1}

// table has a line for each rule: programs | subcommands | options | operands. The first that fits is taken.
//
//   - -x=kind is an option with its value, a bare -x one whose value says nothing; -x=kind! has a value only in the same
//     word. Words in capitals are flags of the rule.
//   - The operands are those behind the subcommand; the last kind with * stands for all that follow. CMD is where
//     another command begins.
const table = `
curl || CLUSTER -u=user:pw --user=user:pw -U=user:pw --proxy-user=user:pw -H=header --header=header --proxy-header=header --oauth2-bearer=tk --pass=pw --proxy-pass=pw --tlspassword=pw --proxy-tlspassword=pw -A -b -c -C -d -D -e -E -F -h -K -m -o -P -Q -r -t -T -w -x -X -y -Y -z --data --url --output --request --cookie --cert --key |
wget,wget2 || --password=pw --http-password=pw --http-passwd=pw --ftp-password=pw --proxy-password=pw --proxy-passwd=pw --header=header -O -o -P -a -U -e -i |
http,https,xh || -a=user:pw --auth=user:pw --bearer=tk -A --auth-type | header*
mysqladmin,mariadb-admin | password | -p=pw! --password=pw! -u -h -P -S --user --host --port --socket | pw
mysql,mysqldump,mysqladmin,mysqlimport,mysqlshow,mysqlcheck,mysqlpump,mysqlslap,mysqlsh,mysqlbinlog,mysql_upgrade,mysqld_safe,mariadb,mariadb-dump,mariadb-admin,mariadb-import,mariadb-check,mariadb-show,mariadb-backup,mariabackup,xtrabackup,mycli,mydumper || -p=pw! --password=pw! --password1=pw! -u -h -P -S -D -e --user --host --port --socket --database --execute |
mongo,mongosh,mongodump,mongorestore,mongoexport,mongoimport,mongostat,mongotop,mongofiles || -p=pw --password=pw -u -h -d -c --username --host --port --db --authenticationDatabase --eval |
redis-cli,valkey-cli,keydb-cli || -a=pw --pass=pw -h -p -n -u -s --user | 
redis-server,valkey-server,redis-sentinel || --requirepass=pw --masterauth=pw |
sshpass || -p=pw -f -d -P | CMD
docker,podman,nerdctl,buildah,skopeo,oras,crane,helm,finch,regctl,gcrane,singularity,apptainer | login | -p=pw --password=pw -u --username --password-stdin=in --authfile --tls-verify -H --config --context |
crane,gcrane,krane | auth login | -p=pw --password=pw -u --username --password-stdin=in |
helm | registry login | -p=pw --password=pw -u --username --password-stdin=in |
podman,docker,regctl | registry login | -p=pw --password=pw --pass=pw -u --user --username --password-stdin=in --pass-stdin=in |
helm | repo add | --password=pw --username |
helm || --set=set --set-string=set --set-literal=set --set-json -n --namespace -f --values --version --kube-token=tk |
skopeo || --creds=user:pw --src-creds=user:pw --dest-creds=user:pw --password=pw --src-password=pw --dest-password=pw --registry-token=tk --src-registry-token=tk --dest-registry-token=tk |
oras,buildah,podman || --creds=user:pw --registry-token=tk |
docker,podman,nerdctl,buildah,finch,depot | build,buildx build,image build,builder build,buildx b,bud,build-using-dockerfile | --build-arg=arg --build-context --creds=user:pw -t -f -o --tag --file --secret --ssh --label --target --network --cache-from --cache-to --platform --output --progress --builder -c -m |
executor || --build-arg=arg --context -c --dockerfile -f --destination -d --target --registry-mirror --cache-repo --label |
docker,docker-compose,podman,podman-compose,nerdctl | compose build | --build-arg=arg -f -p --profile --env-file |
docker-compose,podman-compose | build | --build-arg=arg -f -p |
docker,podman,nerdctl,finch | exec,container exec | CLUSTER ORDERED -e=env --env=env -u --user -w --workdir --env-file --detach-keys -H --context --config | - CMD
docker,podman,nerdctl | compose exec,compose run | CLUSTER ORDERED -e=env --env=env -u --user -w --workdir --index -f -p --env-file --profile --name -v --volume --entrypoint -l | - CMD
docker-compose,podman-compose | exec | CLUSTER ORDERED -e=env --env=env -u --user -w --workdir --index -f -p | - CMD
docker-compose,podman-compose | run | CLUSTER ORDERED -e=env --env=env -u --user -w --workdir --name -v -f -p --entrypoint -l | - CMD
docker,podman,nerdctl,finch | run,create,container run,container create | CLUSTER ORDERED -e=env --env=env -p -v -u -w -h -l -m -a -c --publish --volume --user --workdir --hostname --label --memory --name --network --net --network-alias --link --mount --restart --env-file --add-host --cap-add --cap-drop --cidfile --cpus --device --dns --entrypoint --expose --gpus --group-add --health-cmd --ip --ipc --log-driver --log-opt --pid --platform --pull --runtime --security-opt --shm-size --secret --stop-signal --stop-timeout --storage-opt --sysctl --tmpfs --ulimit --userns --volumes-from --volume-driver --cpu-shares --cpuset-cpus --label-file --pod --creds=user:pw --context --host -H | - CMD
docker,podman,nerdctl | service create,service update | -e=env --env=env --env-add=env --secret --config --name -p --publish --network --mount --label -l -u -w |
docker,podman,nerdctl | secret create,config create | -d -l --driver --label | name -
docker | swarm join | --token=tk |
kubeadm || --token=tk --certificate-key=tk --discovery-token=tk |
kubectl,oc,microk8s.kubectl,k3s | create secret generic | --from-literal=literal -n --namespace --type --from-file --from-env-file |
kubectl,oc,k3s | create secret docker-registry,create secret | --docker-password=pw --from-literal=literal --docker-username --docker-server --docker-email -n --namespace |
kubectl,oc | config set-credentials | --token=tk --password=pw --username --client-key --client-certificate --auth-provider-arg=pair --exec-env=env |
kubectl,oc | set env | -e=env --env=env -n --namespace | - env*
kubectl,oc | exec | CLUSTER -n -c --namespace --container --context --kubeconfig --token=tk --password=pw | - CMD
kubectl,oc | run | --env=env --image -n --namespace -l --labels |
oc | login | -p=pw --password=pw --token=tk -u --username --server -n |
kubectl,oc || --token=tk --password=pw -n --namespace |
aws | configure set | --profile --region | key keyed
aws || --secret-string=pw --password=pw --master-user-password=pw --auth-token=tk |
az | login,acr login | -p=pw --password=pw -u --username -t --tenant -n --name |
az || --password=pw --admin-password=pw --client-secret=pw --account-key=tk --sas-token=tk --docker-registry-server-password=pw -p |
doctl || -t=tk --access-token=tk |
ibmcloud,bx | login | --apikey=tk -p=pw -u -a -r -g |
cf | login,auth | -p=pw -u -a -o -s | - pw
npm,pnpm,yarn,bun | config set,c set,set | SETTINGS -L --location |
poetry | config | SETTINGS |
composer | config | SETTINGS -d --working-dir -f --file |
bundle,bundler | config set,config | SETTINGS |
git | config | SETTINGS -f --file --type |
git || -c=header -C |
cargo | login,owner login | --registry | tk
cargo | publish,yank,owner | --token=tk |
twine,poetry,flit || -p=pw --password=pw -u --username -r --repository --repository-url -c |
uv | publish | -p=pw --password=pw -t=tk --token=tk -u --username |
hatch | publish | -a=tk --auth=tk -u --user |
gem || --otp |
nuget,dotnet | sources add,sources update,nuget add source,nuget update source | -Password=pw -password=pw --password=pw -p=pw -UserName -u --username -Name -n --name -Source -src -s |
nuget | push,delete | -ApiKey=tk -apikey=tk -k=tk -Source -src | - tk
dotnet | nuget push,nuget delete | -k=tk --api-key=tk -s --source -sk --symbol-api-key=tk |
nuget | setapikey,setApiKey | -Source -src | tk
htpasswd | | CLUSTER -C ONLY=n | - pw
htpasswd | | CLUSTER -C ONLY=b | - - pw
mosquitto_passwd | | CLUSTER ONLY=b | - - pw
openssl | passwd | CLUSTER -salt -in -1=mark -5=mark -6=mark -apr1=mark -stdin=mark | pw
openssl | enc | -k=pw -passin=pass: -passout=pass: -pass=pass: -in -out -K -iv -S -md -iter |
openssl || -passin=pass: -passout=pass: -pass=pass: -passphrase=pass: -password=pass: -in -out -inkey -key -subj -days -config |
keytool,jarsigner || -storepass=pw -keypass=pw -srcstorepass=pw -deststorepass=pw -srckeypass=pw -destkeypass=pw -new=pw -keystore -alias -file -dname |
apksigner || --ks-pass=pass: --key-pass=pass: --ks |
chpasswd || -c -R -e=mark | 
passwd || CLUSTER --stdin=in |
useradd,usermod,adduser || -p=hash --password=hash -c -d -e -f -g -G -k -s -u -U --uid --gid --home --shell --groups --comment --gecos --ingroup |
smbclient,smbget,rpcclient,net || -U=user%pw --user=user%pw --password=pw -W |
mount,mount.cifs || CLUSTER -o=opts -t -L |
rabbitmqctl | add_user,change_password,authenticate_user | -n -p | - pw
rabbitmqadmin || -p=pw --password=pw -u -H -P |
mosquitto_pub,mosquitto_sub,mosquitto_rr || -P=pw --pw=pw -u -h -p -t -m -i |
sqlcmd,bcp,osql,mssql-cli || -P=pw -U -S -d -Q -q -i -o |
sqlplus,sqlldr,impdp,expdp,rman || -L=mark -S=mark -s=mark | user/pw
ldapsearch,ldapadd,ldapmodify,ldapdelete,ldapwhoami,ldapmodrdn,ldapcompare || CLUSTER -w=pw -D -H -b -h -p -f -y -s -U -Y |
ldappasswd || CLUSTER -w=pw -s=pw -a=pw -D -H -h -p -y |
cqlsh || -p=pw --password=pw -u -k -f -e |
clickhouse-client,clickhouse || --password=pw -u --user |
influx || -password=pw -p=pw -t=tk --token=tk -username |
vault | login | -method -path -address | tk pair*
vault | kv put,write,kv patch | | - pair*
vault || -token=tk |
consul,nomad || -token=tk --token=tk |
etcdctl || --user=user:pw -u=user:pw --password=pw |
gh | auth login | --with-token=in -h --hostname -p -s |
gh | secret set | -b=pw --body=pw -R --repo -e --env -o --org -a |
glab | auth login | -t=tk --token=tk --stdin=in -h --hostname |
flyctl,fly || -t=tk --access-token=tk -a --app -c |
flyctl,fly | secrets set | | env*
heroku | config:set,config:add | -a --app -r | env*
vercel,now || -t=tk --token=tk |
netlify || -a=tk --auth=tk |
netlify | env:set | | key keyed
firebase || --token=tk |
sentry-cli || --auth-token=tk --api-key=tk |
snyk | auth | | tk
ngrok | authtoken,config add-authtoken | | tk
ngrok || -authtoken=tk --authtoken=tk |
tailscale || --authkey=tk --auth-key=tk |
cloudflared || --token=tk |
codecov || -t=tk --token=tk |
gitlab-runner | register | -t=tk --token=tk -r=tk --registration-token=tk -u --url -n |
argocd | login,account update-password | --password=pw --new-password=pw --current-password=pw --auth-token=tk --username |
wp | core config,config create,core install,user create,user update | --dbpass=pw --user_pass=pw --admin_password=pw |
mc,mcli | alias set,alias s,config host add | --api | - - - pw
rclone | obscure | | pw
rclone | config create,config update,config password | | - - pair*
s3cmd || --secret_key=tk --access_token=tk |
terraform,tofu,terragrunt,packer || -var=pair --var=pair -backend-config=pair -var-file |
ansible,ansible-playbook || -e=pair --extra-vars=pair -i -u -l -t |
lftp || -u=user,pw -e -p -f |
plink,pscp,psftp || -pw=pw -P -l -i |
gpg,gpg2 || --passphrase=pw --passphrase-fd=in -o -r -u --output |
zip,unzip || -P=pw --password=pw -d -x |
7z,7za,7zr,rar,unrar || -p=pw! -hp=pw! |
mkpasswd || -m -S -R --method --salt -s=mark --stdin=mark | pw
wpa_passphrase || | - pw
x11vnc || -passwd=pw |
vncpasswd,tigervncpasswd,tightvncpasswd || -f=in |
grafana-cli,grafana | admin reset-admin-password,cli admin reset-admin-password | --homepath --config --password-from-stdin=in | pw
net | user | | - pw
java,javaw,mvn,mvnw,gradle,gradlew,sonar-scanner,sbt,ant || -cp -classpath -jar |
make,gmake || -C -f -j | pair*
sudo,doas || CLUSTER -S=in -u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir | CMD
env || CLUSTER -u -C --unset --chdir | CMD
su || CLUSTER -c=sh --command=sh -s -g -G |
sh,bash,ash,dash,ksh,zsh || CLUSTER PLUS -c=sh -o --rcfile --init-file |
eval || | sh
runuser || CLUSTER -u -c=sh --command=sh -g -s | CMD
time,nohup,command,builtin,setsid,chronic,unbuffer,tini,dumb-init,catchsegv,winpty,dotenv,stdbuf,faketime || CLUSTER -o -e -i --output --error --input -f -p=mark | CMD
exec || CLUSTER -a | CMD
nice,ionice,chrt || CLUSTER -n -c -p --adjustment | CMD
timeout,gtimeout || CLUSTER -k -s --kill-after --signal | - CMD
xargs || CLUSTER -I -n -P -d -L -s -E -a --max-args --max-procs --delimiter --replace | CMD
gosu,su-exec,chroot,setpriv || --userspec --groups | - CMD
ssh || CLUSTER -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w | - CMD
`

// program is what the table has of a program, which is read when the program is first met: most never are.
type program struct {
	lines []string // columns behind the first
	once  sync.Once
	rules []rule
}

// programs has each program by its name, with lines that are still to be read.
var programs = sync.OnceValue(func() map[string]*program {
	all := make(map[string]*program, 512)
	for line := range strings.Lines(table) {
		names, rest, ok := strings.Cut(line, "|")
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(strings.TrimSpace(names), ",") {
			p := all[name]
			if p == nil {
				p = &program{}
				all[name] = p
			}
			p.lines = append(p.lines, rest)
		}
	}
	return all
})

// rulesOf are the rules of a program; none if it is not known. A subcommand is looked for before what holds for all of it.
func rulesOf(name []byte) []rule {
	p := programs()[string(name)]
	if p == nil {
		return nil
	}
	p.once.Do(func() {
		var general []rule
		for _, line := range p.lines {
			columns := strings.Split(strings.TrimSpace(line), "|")
			if len(columns) != 3 {
				continue
			}
			r := readRule(columns[1], columns[2])
			for sub := range strings.SplitSeq(strings.TrimSpace(columns[0]), ",") {
				if r.sub = strings.Fields(sub); len(r.sub) > 0 || r.only != "" {
					p.rules = append(p.rules, r)
				} else {
					general = append(general, r)
				}
			}
		}
		p.rules = append(p.rules, general...)
	})
	return p.rules
}

// readRule reads the columns of options and operands.
func readRule(options, operands string) rule {
	r := rule{nested: -1, options: map[string]option{}}
	for _, word := range strings.Fields(options) {
		name, what, _ := strings.Cut(word, "=")
		switch name {
		case "CLUSTER":
			r.cluster = true
		case "PLUS":
			r.plus = true
		case "ORDERED":
			r.ordered = true
		case "SETTINGS":
			r.settings = true
		case "ONLY":
			r.only = what
		default:
			what, joined := strings.CutSuffix(what, "!")
			r.options[name] = option{kindNames[what], joined}
		}
	}
	for _, word := range strings.Fields(operands) {
		if word == "CMD" {
			r.nested = len(r.operands)
			break
		}
		if what, more := strings.CutSuffix(word, "*"); more {
			r.more = kindNames[what]
		} else {
			r.operands = append(r.operands, kindNames[word])
		}
	}
	return r
}
