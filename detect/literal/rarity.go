package literal

// rarity holds, for every pair of folded byte codes (see code in build.go), minus the
// binary logarithm of how often the pair stands in text, as a letter: 'd' is
// one pair in 8, 'k' one in 1,024, 'v' one in two million or never seen.
// Counted in Go, C, YAML, shell and web sources, 40 MB in all, each language
// with the same weight. It decides only which bytes of a word are tried first:
// a wrong value costs time, never a hit.
const rarity = "" +
	"ejimmmlljmimpkmkjklmmnnnnololimokijijjjkkimljjjjjniihjkjnlmikkom" +
	"nnkplpopnpoppopponnoppppppppplpooooooopppopopoooopooopoppppopppo" +
	"lomokooollkokoonmnnononooomooonpnnnmmnnnnmoomnnnnommnnnnooomnmno" +
	"lookppppppoppppooopoopppppppppppopponnoppnppppppoppoppppoppppppp" +
	"noopooppkpopopoplpnpoppoopopppppnpoonoppnoopooooopopppopoponoppp" +
	"noopooppooppopppopopoppoppppppppopppnpppppppopoppopnppopopoppnpp" +
	"moooppmpopopppppppppppppppppppppooooooopooppoooooponoooopppppppo" +
	"noopoopopnopnoooooopppppppnoppoooooooooppppoooooopomnoopppponnpo" +
	"kmlooomnmkmppoooknopopppopppopppmmmlmlmnmmonlmmmmomllmmnnoonoppn" +
	"jompopoonijolomlnoooopopooojoppoommmmlmnnkoonmnnmokllnmnopplnkpm" +
	"honkooppnhioomnjooopppopppolmoppmmnmmnloomonnnnnmpmllnmoooomnkpo" +
	"mooppppppnompooooopoppoopppopnppopoppopppopoppoopppopooopppppopp" +
	"hompppopookponopnnooooopoopppppppoooomonpnpoooooooonoooopopooppp" +
	"koopoopppomopjoonlmnnooooooopokppmnlmnnnnnonnnnnmommnnnnoooooopo" +
	"konpopppookpppmnlmmmnmnnnnoopopopmmlmmmmmmonmmmnlomlmnnnonoooopo" +
	"kooooopppokppoojooooopooppppooooonnmmnnmononmnnnmonmmonnoooooooo" +
	"kmmpooponllplnlokmmnnnmnnnomoppplnnnnonpnppooooooopopooojpopomoo" +
	"lonppppoommpmololmmmmmmmmnnnopppoonnnnnooppopopooppopoopoppppmpo" +
	"mpnpppponnmpnnmplmmmmmmnnnnoppppponnonnponppopppopoopooppppopnpo" +
	"nooppppoponpnomomnlmnmnnnnooppppoonnoonoppppooooopoopopppppppopo" +
	"mpnpppponnmpnompmnnnmnnnnnooppppponooooooooooooooopoooooppoppopn" +
	"mooppopppononomommnnnmmnnnoopopppoonooooopoooooooooonoooppoopopo" +
	"npoppopooononononnnnlnnnnnnopoppponnoonooooooooooppooooopooopopn" +
	"nooppopoponpnomonnnnnnnnnnoopopopooononpppooooooppppooooppoopooo" +
	"npoppppoponpnonomnnnnnnnnnoopppopoonoonoppppoopppopnoopopppopopo" +
	"npoppppoponpnonpnnnnnnnnnnoppppppoooooooppppppppppoopooopopopopo" +
	"jpooooppppkppopmooooooooooopplpppoonooopoopoooopopoooooooppooopp" +
	"konppppppoippppoppppppoopppmpoooppoopooppopopoooppooopooppoooooo" +
	"mopppppppppppnpmpppoppppppppnopppooooppopopopoooooonnpopoppopppo" +
	"iolpoopoppnppppooooopoooppoopkoopopooooopopoooooopooooooopoopooo" +
	"mooppppooplppooooppppppopppoonnopnononnoooponononponnooooooooooo" +
	"noopoppooooppppoppppppopppooppoopppoppppppppppoopppoppooppoooooo" +
	"knnomoppoompnonoooppppopppopoppplonooopooopoooopopooopooooooooop" +
	"kpoppppoonnpmnnonnnoonoononopoopolkjjnlkokolijinkoijillmllnopopl" +
	"mpopppppnnnomomoonnonoooooooooppoknmnjnookmokoolnpmmnkoooloooopn" +
	"kpnppppommnpmmmnnnnooonooonopooppjnlmjnmjlojkmnimokljlnoonoooool" +
	"ipmppppollmplmlnooooonnooomnpnoonklmkinoojoolmmjnolknknonmooonpk" +
	"hplppppnklkoklknnmnnnnnnnokmpmoonjljikklnmonjjimklhiimkljlononpj" +
	"jpopppppmnmonnnononoonoonooopopopknnmlloojpolnnjnokmmkooonpooopl" +
	"kpnppppommmpmnlnoopppoppppnooooopmnlojnnmkoomnlknoklmmmooonooool" +
	"kpnpppppnnmpnnnopoooppopppnopoooojonnioookponnoklomokmoopooopopm" +
	"lpnpnppoononnnnoooooppppopoopoopplljjkjkooonjkhjkokiinlomokopnom" +
	"npoppppppoooooppppopoopppppopppppoooplpppooopopnpoononoooooppopo" +
	"kpoppppomnnonnnnoooopooonponoooopmooojonoloononoonnlnlnoooooooom" +
	"jpnppppommmplmmnooooppopoonnpnppojnnkinnnjpnjnnjmonkkjnnokoooopl" +
	"kpnppppoonnonnnnoooooooooonooonoojmnmioookonmlokkoolmlooomoooopm" +
	"ipmppopmlmlommmnpopopoopoommonooojnjjikiokollnljmonjhklonmooonpl" +
	"jpnpppponnnonnnnpopoopoooonoooooplljjmkloknlkjikkoikjjlknnoooool" +
	"konppppomnnomnmononoppooppmnpoopojommjnnllpnknojlpjlklnonmpnpopl" +
	"opopppppooppooopooooppoopppppoppoooooooopopompoopoooolooopoppppo" +
	"ipmppppokllplmlnnnooopopppmnooopojnllhmkojplmljinojkjklnpkonoopk" +
	"ipmppponmllolmkmooooooooppknonoookoklinmkjomllmkkmmkhknmoknmnnok" +
	"hpmppppnkllolllnonomoomoopmnonoooinkmhmmiioolmmjkoijkknmlkononpk" +
	"mpopppponooonooonooopooppooopoooplklmkmmokoojkjokojjkooonoooooon" +
	"npnppppooooononopnoooonoppoopooookooojooolooonnloponooooooonooon" +
	"mpopppponooooonopopoooooppooooooploooloolkoooomloolmooonooooooon" +
	"loooppponnoomnnomlmnnnnomoonpopopmonomnoompoonooloooloooonoooopm" +
	"jpnppppomnmpmnmopoooppppppnopoooonononooonponmmlkonkloonoooopopl" +
	"opnoppppooopooooppppoooopooooooopnoookooonooooonpoooonoooooooooo" +
	"lpmoonpnoojopooomnnoooooooooooooooonooooonoonnnooponooooooolomoo" +
	"lpoppppooolppnoooppppppppppppooopopooopoppppoomoooononoooopomooo" +
	"lpmppppommjolnmnpppppppopponoooooonopppopopopoooppoooooopponoloo" +
	"pppppppooppppopooooooooopppppooopppopooppppppooooopopooooooooooo" +
	"opoooppopooomooooooopooopppoopooplmklllmmlonlllmkolkkmmmoonoooom"

// commonWords are words of source text whose bytes follow one another more
// often than rarity, which knows pairs alone, would have it.
const commonWords = `
	return name type uintptr this file string error value func errno path command node server with from default
	version item that pointer unsafe size syscall data config void byte list char https client module null flags
	cluster libc long generated your edit struct when host true port reply const dict else compose container time
	start will group image bash install user label mode create docs description sizeof object used master only info
	tabs count unsigned state workspace argv entry encoding service keys local check addr trampoline production
	define level read cert open enabled case number function write field address database event source link update
	need session resource cache mysql sockaddr handler free external registry required static delete expire conn
	running connection example limit process load instance selector directory attr storage match every socket spec
	template package configuration change allow append options element sync block format application`

// commonOdds is how often four bytes of a common word stand in text: most of
// them between one in 2,000 and one in 8,000.
const commonOdds = 1.0 / 4096
