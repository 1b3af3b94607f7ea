package plausible

import (
	"strings"
	"sync"
)

// kind of a word in a value or a name. A word may be of several kinds.
type kind uint16

const (
	generic     kind = 1 << iota // says nothing of its own: test, my, new, value
	secretish                    // names what the value is: password, token
	placeholder                  // asks to be replaced, or says that nothing is there: changeme, redacted, none
	defaults                     // a password that software ships with, or that lists of common passwords begin with
	typeName                     // of a programming language
	common                       // any other word that values are often made of
)

// wordLists are the words of each kind, lower case.
var wordLists = [...]struct {
	kind  kind
	words string
}{
	{generic, `a an the my your our their his her its some any this that new old other another next prev previous
		last first second third fourth one two three four five test tests testing tester tested dev prod stage staging local
		default sample example examples demo fake dummy mock stub temp tmp foo bar baz qux quux foobar hello world hi string
		str value values val text data input output random rand super very real valid invalid wrong correct bad good nice silly
		incorrect expected actual current original main base user users username name admin account client server service app
		application db database db1 site web http https www com org net login signin email mail for of in on to is are be was
		with without from by and or not no at as if it me you we us very here there goes long short simple strong weak safe
		secure unsafe insecure plain clear raw clean just only same more less encrypted encoded hashed salted generated
		shared global common basic special unique different existing confirm confirmation again repeat retype type
		repository repo project group team company organization organisation domain host url id uuid number num
		field column row table entry item content body header param parameter arg argument option config
		configuration setting env environment var variable const constant file path dir folder key1 key2 token1
		token2 pass1 pass2 something anything nothing whatever thing stuff blah lorem ipsum dolor alice bob carol
		dave eve john jane doe smith joe derek ivan mallory peggy trent victor jdoe johndoe acme`},
	{secretish, `password passwords passwd passwort pwd psw pass passphrase passcode pw secret secrets token tokens key keys
		apikey apikeys credential credentials creds cred auth authorization authentication api access private public bearer
		oauth jwt session cookie salt nonce hash digest signature license pin otp certificate cert
		heslo salasana parole parola wachtwoord passord senha contrasenya contrasena kennwort motdepasse haslo lozinka jelszo sifre
		adgangskode losenord parool slaptazodis fjalekalimi pasahitza contrasinal palavra chave sandi lykilord wagwoord katasandi`},
	{placeholder, `changeme change changeit changethis replace replaceme replacethis insert put set enter provide fill paste
		placeholder redacted removed hidden masked obfuscated omitted stripped censored todo fixme tbd xxx yyy zzz
		none null nil undefined empty blank required optional unset unknown nope dummy fake sample example your yours
		notset notused unused ignored disabled enabled na sanitized filtered withheld revoked expired deleted fakefake
		notreal notasecret nopassword nosecret whatever secretvalue supersecret topsecret mysecret mypassword`},
	{defaults, `postgres postgresql pgsql mysql mariadb mongo mongodb redis root toor admin administrator guest rabbitmq minio
		minioadmin oracle sys system manager hunter letmein qwerty qwertz azerty monkey dragon welcome iloveyou sunshine princess
		football baseball master shadow superman batman trustno docker wordpress drupal joomla django rails grafana
		elastic elasticsearch kibana vagrant ubuntu centos debian raspberry alpine jenkins gitlab github nexus sonar
		keycloak zabbix nagios cisco ubnt tomcat jboss weblogic websphere cassandra neo couchdb influx influxdb kafka vault consul
		sa dba operator supervisor support letme abc abcd asdf asdfgh zxcvbn pass1234 passw0rd`},
	{typeName, `string str int integer int32 int64 uint bool boolean float double number object any bytes byte char date datetime
		time void func function true false null none nil undefined await async new return const var let static final self this list dict map lambda yield typeof delete import require required array struct interface class
		enum union optional maybe buffer uint8array keylike cryptokey varchar text blob yes no on off`},
	{common, `about account action active add agent alert all allow android app array auto back backend bind block board body
		bool book boot box branch browser buffer build button by cache call cancel case cat category cell chain channel
		char chart check child city class click clone close cloud cluster code collection color column command comment
		commit component connect connection console container context control controller copy core count country
		create cursor custom cut daily dark dashboard day debug decode delete deploy desc description design detail
		device dialog diff disk display doc document done down download draw drive driver drop edit editor element
		encode end endpoint engine error event exec execute exit export extension external fail feature fetch filter
		find fixed flag flow font force form format forward frame free front full game gateway get go grid guide handle
		handler head health height help hex high home hook icon image import index info init inner insert
		instance int integration internal invite issue java join json kernel keyboard kind kube kubernetes label lambda lang
		language layer layout lead left legacy length level library light limit line link linux list listen load location lock
		log logger logo loop low mac machine make map mark match math max memory menu merge message meta method metric
		min mobile mode model modern module mount move multi music mutex native nav network node note notice notification
		null object offset open operation order origin outer overlay owner pack package page panel parent parse part
		party patch pattern pause payload payment people permission person phone photo ping pipeline pixel plan platform
		play plugin point policy pool port portal position post power preview primary print process product profile
		program progress prompt property protocol provider proxy publish pull push python query queue quick range rate
		read reader ready record redirect ref reference refresh region register registry release remote remove render
		report request reset resource response rest result return review right role rotate round route router rule run
		runtime sandbox save scale schedule schema scope screen script scroll search section select send sentry sequence
		session shadow shape share shell ship shop show sign signal size skip slack slot small social socket software sort
		source space spec split spring sql stack standard star start state static status step stop storage store stream
		style sub submit subscribe success summary switch sync tab table tag target task team template term terminal theme
		thread time timeout timer title tool top total trace track traffic train transaction transform trigger trust
		twitter ui unit update upgrade upload usage use vendor version video view virtual visible volume wait wallet
		watch weather week weight wheel width window wire word work worker workflow workspace wrap write writer year zone
		blue red green black white yellow purple orange apple banana cat dog horse battery staple correct tree water fire
		earth moon sun star love life money magic happy summer winter spring autumn monday friday`},
}

// wordKinds maps a word to its kinds. Like the other tables it is made when it is first asked: not every start of the
// program comes to that.
var wordKinds = sync.OnceValue(func() map[string]kind {
	m := make(map[string]kind, 1500)
	for _, l := range wordLists {
		for _, w := range strings.Fields(l.words) {
			m[w] |= l.kind
		}
	}
	return m
})

// longestWord bounds the search for words in a run of letters.
const longestWord = 16
