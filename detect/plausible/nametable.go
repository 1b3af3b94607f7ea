package plausible

import (
	"strings"
	"sync"
)

var nameLists = [...]struct {
	kind  nameKind
	words string
}{
	{passwordWord, `password passwords passwd passwds passwort pwd pwds psw pass passphrase passphrases passcode pw pword passw
		pasword passwrd kennwort senha contrasena motdepasse wachtwoord`},
	{strongKey, `secret secrets apikey apikeys credential credentials cred creds apitoken authtoken accesstoken secretkey
		accesskey privatekey privkey authkey appkey pat psk jwt bearer apisecret clientsecret appsecret seed mnemonic`},
	{keyWord, `key keys token tokens auth authorization sas nkey cookie cookies session sessionid nonce salt otp
		pin tk authentication`},
	{qualifier, `api access secret private priv encryption encrypt decryption crypt crypto signing sign signer master shared account
		storage auth oauth authentication authorization bearer refresh client app application consumer service server session
		id personal deploy bot webhook admin user root jwt hmac aes des rsa dsa ecdsa ssh ssl tls tsig wireguard
		wpa psk license licence subscription registration runner join worker manager swarm bootstrap vault consul
		project team org organization workspace tenant integration rest http host instance partner merchant payment
		live prod production sandbox dev test staging stage security device push fcm gcm apns server rpc node
		machine cloud write read ingest ingestion upload download publish telemetry monitoring
		aws gcp azure google github gitlab bitbucket slack discord telegram twitter facebook stripe twilio sendgrid
		mailgun mailchimp algolia firebase heroku netlify vercel cloudflare datadog newrelic sentry sonar snyk npm pypi
		docker hub dockerhub quay jfrog artifactory nuget rubygems cargo openai anthropic huggingface cohere maps
		weather sms mail email smtp ftp db database mysql postgres redis mongo rabbitmq kafka elastic
		cipher symmetric data field cookie csrfsecret sealing unseal pre hash salt flask django rails
		laravel composer bundle bundler maven gradle pip nuget gem cargo registry gateway proxy vpn wifi iot bank card trading exchange wallet nyt`},
	{plainWord, `existing pull send contains has includes gpg pgp apt rpm yum badge spreadsheet sealed amz recv receive keyserver trusted public pub foreign primary cache sort partition composite unique map object dict range cursor row
		column property attribute setting i18n translation locale message lang json yaml dictionary lookup hot modifier arrow
		enter escape shift ctrl control alt meta tab space delete return home end page keyboard accelerator shortcut
		registry routing route queue topic item state context event metric tag label idempotency dedupe group sorting order
		grouping ordering index next prev previous page pagination continuation cancellation cancel csrf xsrf start sync
		lexer parse parser lex syntax stop eos bos eot pad unk mask special max num total input output prompt completion
		known authorized signed recaptcha captcha site publishable option legend answer natural candidate surrogate
		search sub value detach press down up compare comparison encrypted wrapped by in of for to config
		current each nested inner outer child parent param parameter header query form hash bucket record s3 prefix
		trie tree node leaf env environment menu field detached binding
		synchronizer async dependency injection resource storagekey data`},
	{about, `id ids uuid guid url urls uri uris path paths file files filename filepath name names type types length len size
		min max minimum maximum ttl expiry expires expiration expired expire at version mode modes enabled enable disabled
		disable required require policy policies hint reset field fields label placeholder prompt form input count counts
		index format algorithm alg algo usage alias aliases class params parameters param status state error errors err
		message messages msg title description desc endpoint endpoints host hostname port user username users email
		namespace header headers prefix suffix dir directory folder location store provider providers manager handler
		fingerprint thumbprint checksum regex regexp pattern strength rotation limit limits arn ref reference config
		configuration settings options opts list map set ring pair pairs event events generator validator validation
		verifier verify verified callback request response view page screen dialog button icon color link links script
		style rule rules check checker checks parser reader writer builder factory helper helpers util utils
		interface impl exception scheme schema scope scopes method methods function func middleware strategy flow
		grant issuer audience subject realm region domain role roles group groups permission permissions timeout
		interval delay retry retries attempts age date time timestamp created updated changed modified column columns
		table rows word words code codes press down up board stroke frame frames points point space listener bits bit rate
		generate generation encoder decoder encoding hash hashes hashed hasher digest visible visibility
		toggle show hide hidden lookup template templates envvar source sources allowed supported present exists valid
		invalid missing empty owner mapping mapper selector management agreement encipherment operator provisioner
		plugin extension module order usecase authority method parameter envar dn cn schemes types mechanism mechanisms
		process processor proc info metadata meta spec kind attribute attributes property properties
		length lengths chars characters charset history lifetime lifetimes period grace warning change changes
		recovery forgot strategy address addr server servers client clients api docs doc documentation help
		ciphertext cipher hashing hint question answer page policyname bytes_per cost rounds iterations
		identifier mac used idp sid code challenge redirect uris broker command commands cmd within until since after before days hours minutes seconds`},
	{hashed, `sha hash hashed hashes hasher md digest checksum fingerprint crypted`},
	{shown, `label labels lbl placeholder tooltip hint prompt error err invalid message msg btn button forgot i18n txt
		title caption heading translation translate locale missing wrong incorrect show hide toggle enter ask hid`},
	{neutral, `value values val str string text plain plaintext raw old new current prev previous temp tmp dev prod production
		staging stage test testing default b64 base hex bytes encoded confirm confirmation again repeat env var
		primary secondary backup base main mysql postgres postgresql pg db database redis mongo root admin user smtp mail ldap ssh ftp sftp http service server client encrypted cleartext protected secure local live real my this that one two three a b c the here`},
}

// nameTable maps a word of a name to what it does there.
var nameTable = sync.OnceValue(func() map[string]nameKind {
	m := make(map[string]nameKind, 700)
	for _, l := range nameLists {
		for _, w := range strings.Fields(l.words) {
			m[w] |= l.kind
		}
	}
	return m
})
