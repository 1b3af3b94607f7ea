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
