package literal

// trigrams are the triples of bytes that stand most often in text, three
// letters each: at n those of which one stands every 2 to the power of n
// bytes. Of bytes that have the same code (see odds.go), such as 'i', 'I', ')'
// and a tabulator, one stands for all. Counted in Go and C sources and in the
// inserted bytes of the histories of redis, kubespray and laradock, each with
// the same weight. Like rarity it decides only what is tried first.
var trigrams = [...]string{
	7: `` +
		`   ###*  `,
	8: `` +
		` th*))// `,
	9: `` +
		`  / // =  co in re {*))))*), r---allandconenthe if ingintionmovor staterthever`,
	10: `` +
		`  "  - -  := a  an de fo if is ma no r1 se st to x1 x2", (sb), )//);*)mo)}**)m*)v*/*, x,* ,*)/* 0, 0001, 2, : ":* ` +
		`:= ;* ===ackaddageameargataateblecalckecomdatdisdoce: ected edier erserves estetuforin ineinsis istitekubnamnd ng ` +
		`nstnt ockodeon onsontprorearedresretrunsb)se sersetst stestrtaltestioto truturtypubeurnvalype{* {*)}*)`,
	11: `` +
		`  a  c  i  r  s  t  } != $0 && *  */ /* 62 == al ar be ca ch cl di do en ex fi it ku la li lo mo na ne of on op or` +
		` pr si tr ty us v_ va wh wi |  |* }* }}!= "* ",*": $0x&& ) {))/))i))r))v))})if)re)vp* **# *##*)/*)a*)c*)}** **#**)` +
		`****//, ", a, k, s, t, v, y, z/ 6/ c0*)1*)2*)3, 4, 5, 6, 7, 8, : {://= v== _in_reablaceadoainal alialsaluan araare` +
		`aseassastat atiauxavebascaschacheck clicluctiddrde defe ae ce fe ie oe se te* e*)e, eadegieleen endepler.er_ernerr` +
		`erteseesset expextf (falffffigfilfinflafungetginhenherhishoshttid ienileimeit ithiveizekerkeylarle lenlibliclielin` +
		`lisll loaloclseluelusmanmasmatme me:memmenmmamodmpon tn: ne nernetnfinodnotnt6ntantentioadoduof ommomponforeorkort` +
		`ostounouroutovdpacparperphppliporposps:radramre regreprgsrinritrn rorrourrorsiruerves as ts, s: s:*siostot it tt64` +
		`t: tabtaitartattchte tedtemth thitimtintortpstratrits ttpuinuleullultuncuntuseustuxivarwitworx, xinyou{{ |* }* }**` +
		`},*`,
	12: `` +
		`  $  *  d  e  f  l  n  p  v  w  { "r "s "v "{ (r (s ** -- -1 ac ad ap as au ax b7 ba bo bu by cr el er fa fr fu ge` +
		` go ha ho ke le me nu pa ph po r2 ro ru sa sh so sp su sy ta te un up v1 ve wa we wo x  x3 y1 yo {  {}"in"re"{{## ` +
		`#de(fp(r1(re)) ))*))a))b)){)**)/8)ad)br)ca)fo)v.)},*)b*)f*)i*)r*)s**/**t*- *@@*da*fu*te*}*, $, (, 1, 2, b, c, d, f` +
		`, i, n, o, w,$0- n. *.* .*).**.0..ad.ar.au.co.op.re.ty/ a/ r/8,/la0 x00*0x01  1 x11 11,12 2  2 x2563 x3*)4 x4*)5*)` +
		`5126 x7 x7ca8 x9 x9, :  : (: s: t:*);**= 0= a= n= o= s@@@_co_di_ma_pa_po_se_tr_veabeabiachactad agsailamdampangans` +
		`antapiappar ariarmartas ashaskasmatcathatoaulautb)*b),b)/b7cbacbc_be be_belberbinbitbloboobrebufbuiby bytcancatce ` +
		`cercesch ckaclocmdcmpcodcorcrecrict curd ad bd cd id td, d64d: dardepderdesdicdindirdreds dule =e de ee le me ne p` +
		`e re) e_ae_ce_teakeateb7eckecoed.eedefaefielsemeemoen:enaencensenvepoequer*er-eraereeries*es.es:esoesuet_etceteeve` +
		`f tfauferfp)frog: ge ge_gerghtgisgitglegregrogs gs{h: hanharhashathechinibcicaiceicoictideighignildillimaincindinf` +
		`iniinuiptireis_it,itiityjeck*)kedksplablaglanlatlbald le_lealecledlerlesletlitll)ll_llbllellologlonloolowly magmax` +
		`md6mebmesminmormplmuln an in rnabnalnc ncendendindsnednewnfongenitnnenosns nsint3ntontrntsnulo tobjocaoffoidoinoli` +
		`om on:oneongoolop opaopeordormoryoseospot ou oupoveovqovwownp),pampaspatpe pecpenpesplapleplypolpreprips ptiptrput` +
		`q  quir ar cr ir tr, r11r12ranratrcerecrefrenreqriariprksrnerolromrt ry s cs fs is ns os ss* s:/scascrsdsse*secsed` +
		`selsenshasigsinsizsolspaspesplsqlssassest_stistssubsulsymsyst *t =t at bt ct ft ot rt st {t)*t* t, t32ta tactagten` +
		`texthathotictivtryts:uctue ue*uilumeun undur ureut utiv.av1.v_0v_1vd)ve vedvenvoiwe whewrix*)x11xorxt yte{0}}"*}, ` +
		`}}"`,
	13: `` +
		`  #  &  1  <  b  g  m  o  u  x "a "c "h "i "m "~ #  ${ %} (a (b (c (m *c +  0  0* 0, 0; 1. 10 16 20 <  << >  at b.` +
		` bi c4 cu cx da dx et ev f1 f2 fl fn gr he ht im k1 k2 k3 k4 k7 mi mu my ni ob ou pe pu r0 r3 r4 r5 r8 r9 ra sc sd` +
		` sl ti ui v. v2 v3 vo x0 x4 x5 x6 x7 x8 x9 y) y2 z1 z2 {" {{ || }  },");"*)"**">*"ht"ve# c##*$0-%}*& |'s () (bx(c,` +
		`(co(di(ht(in(mo(op(se(si(sp(v.(x))  ) =) })(r))c))f))n))o))p))s))t))x)* ),n)b7)cm)jm)li)ru)te)v0)v_)va)vm)x )xo){*` +
		`){0* c* t*#d*#i*)j*)l*)o*)p*)t*)x*){**-**<**@*</*<t*do*in*va*vo*{%+0(+0x,  , /, 0, e, l, m, p,0,,no,nu--*->p-co-ma` +
		`-st. t.*/.0".1..b1.en.in.io.ne.or.po/ 4/ e/ f/ m/ s/ t//g//r/co/do/et/gi/ku/re/ta0 :0",0(s0)*0* 0-00.00.10.a0: 0; ` +
		`0;*0}*0},1(s1) 1),1.11.210 10*10,10011)12*12,12813 13*13,14 14*14,14715 15*15,16 16(16,17 18 19 1}*2)*20 21 22 23 ` +
		`24 25 26 27 28 3  32(4)*4vp5 x6*)62f64 64(64_64v7*)7li8(s8*)9*): 0: 1: a: c: d: f: m: r:**; t;*);*}</t<>(<>+<ta= "` +
		`= 1= b= c= i= r= t=${=fa>(s>**>*<@**@@*@@b@ba_0._1._ad_ar_ca_ch_cl_de_en_ge_ho_im_ke_li_lo_mo_na_ne_no_op_pr_st_t ` +
		`_ta_vaa ba sa, a.oa25a51abaabsaccad_adcadeadmak*akeal_anaancannanyarcardarrarsattatuavxax*ax,ay b*)b.cb16b7lbe-bea` +
		`becbjebugbutbx)c, c->cacccece*ce_cench:chichock.ck/ck_cksclaclecolcopcoucs/ctectlctoctsctxcvtd  d fd ld od pd rd s` +
		`d wd",d)$d* d*)d.*dd ddade_debdecdeddeldendevdexdi)difditdlednsdondowdq dr(e  e "e *e @e be ge he ue ve we {e }e()` +
		`e(se)*e);e**e,*e. e.*e:*e="e_ie_pe_re_seaceameaneareasebuecheciecled"ed*ed:ed_edeee eg:egrel eldeloem em)emaempen(` +
		`eneenger"er,er:erfergermeroeryes"es/es_escespet(et*etaethetretsettetwevaewrewvexeexiey eysf af vf {f("f*)facfaiffe` +
		`ficfiefirfixflofo{fpmfrafreg ag ig sg tg* g, gatgengesglognego gragthgurh tha2ha5havhedhelhilhorhouhp hp-hp_hrehub` +
		`iabialiblic ieliesifiiguil iliimiimpin:in_inainkinpinvinxio/ip ipsir ir.irsisciseisiismissitsjmpk1,k8skagkaske ken` +
		`ketkinl  l cl il rl tl {l) l)rl* l, l_plaslavle*le.le:lemlidlimll,llyloblotlouloyls lt lt:ltiludluglumlvem)*m1(m64` +
		`m: madmaimakmalmapmarmbeme,mermetmicmitmonmp)mysn =n bn cn dn en fn on pn sn |n":n'tn* n, nagnarnclnconctnd(nd:nda` +
		`ndlndone_necneenelnexng*ngingtnilninnlonlyno nonnpmnpunsent(nt)nt1nt8nt:nt_ntfnttnumnveo ao co ro so: oauocsod oda` +
		`odiojeol oldoleolloluolvom/omeomion"on*on-on.on_onaondonlonnookoopootopcopsoptopyor_oraorgoriorqorsos,oteothotsoud` +
		`ouloviovlovvow oweoxyo{*p !p)*p, p: panpcopd pdape:ploplupoippepshq rquer  r "r *r 6r =r dr er lr mr or pr rr sr {` +
		`r }r(sr)*r* r.cr10r13r14r15r: r_iracravrayrchrdbreerelremrewrg rg/rg0rgerglrgvribricrigrivrm6rmarnarobrocrodrojron` +
		`rooroprovroxrq rr rrarrers rserstrt_rtertirtsrucrviry.ry_s (s =s ds es gs ps rs ws":s*)s**s. s.*s.tsa.samsansavsco` +
		`seesessh sh*shishoshusibsitskeslaslosm1sm:smoso sorsousp)srcss ssisswstgstnsumsupswosyns{0s{1t dt et lt mt nt pt w` +
		`t(ot) t**t,$t.*t16t:*t_ct_it_pt_ttantcdte_tegtevth:thrthutoatoitomtoptostputr tretrots.ttettotwoualub.udeue,uesugi` +
		`uirulduniunsup updupsurcurluteuthutputsv.rvd ve_vecvelvesvicvisvl)vmovolvpmvpsvq vv)vw)wanwarwebwhiwilwnlwvax :x) ` +
		`x)*x),x00x10x12x13x14x16x2 x20x: xpaxtey ay iy ty, y: ymlyncysqystzer{ k{% {0,{1}{in|*)|n"|| } =} e} {}(h}; }}*}}/`,
	14: `` +
		`  '  (  2  =  h  k  y  | !( "" "$ "1 "@ "d "e "f "g "l "p "t "u ## $1 $7 $8 $l %d %s &  (! (d (f (i (l (n (o (t (v` +
		` *p *s *t *v -2 -e -y .. ./ /e 0) 0x 1  1* 1, 11 12 13 15 17 1; 2, 25 28 32 64 66 <= <t >= >> @. @d _i ab af bl bp` +
		` br bx c- c5 ce ci cm dn dr du ea ec em f3 gi i  id ip ir ju k5 k6 ms ng ol ot ov ow p( pi pl pt qu r  r6 r7 rd ri` +
		` sr ss sw v0 v4 vi vs wr x) x~ y  y0 y3 ye z3 {' {c {o {s };" l"${") ")*"><"cl"co"do"la"sh"vp"},#  # a# d# i# s# t` +
		`#*##**#in$0*$0,$7,$li${i${p% e% i%s & c&gt&lt') ', 't ())()*();(ar(ax(bp(c)(c-(cl(cx(de(dx(no(of(r2(r4(r8(st(v (v)` +
		`(v_(vo(x,(x1) !) &) () *) b) i) r) |)$0)$1));))m))y)*t),*).*); )ae)an)ar)as)b))bl)by)co)fm)in)na)op)ou)pa)r0)r1)ro` +
		`)sh)ss)st)su)sy)t.)v1)v2)vc)vf)vs)y ){n* a* i* n* r* s* w*)"*)d**a**c**f**i**p**r**s**v**{*--*1)*2)*4)*8)*;f*ar*c)` +
		`*ca*co*en*gl*ku*no*pa*ph*re*ru*st*th*ty+8(, ', -, 3, 4, 7, 8, g, u, {,1,- "- *- a- c- e- i- k- p- {-0*->a->c->f->s` +
		`-ca-cl-de-e -fp-ge-in-li-no-pa-pl-pr-re-se. a. i. s..../l.1".2..3..5 .5..bl.cl.er.ex.h".ma.na.np.pr.se.st.tg.va.ym` +
		`/ 0/ b/ d/ i/ l/ u/ x/*#/**/-///)//*//l/a>/bi/cl/de/go/in/li/lo/ma/op/ph/us/va0  0 r0 {0"*0(f0(r0(v0) 0),0**0,00.o` +
		`00 00,00101002003604007*0700800f00x10x20xf0} 1 :1 r1",1)*1* 1,11.01.31.a10)10110211*12-12012712_15(15)16*16118.1: ` +
		`1;*1b*1},2 r2",2(s2(v2) 2),2* 2.02.120020120220321,21322323123324(24,25527227627d28,28128229 2912942f12f22to2},3 r` +
		`3))3.030 30031*32 32)32,32732t32x3373683723904  4 r4",4(r4(s4),4104294404504724744774_o4mo5  5 -5 r54755,56:5806  ` +
		`6 r6",6(s62462662762d62e64"64)64,64464564m64s64x6647  7 r7.17007207287588  8 r8",8(f8(r8)(8),8*d8,$8088148549 r90x` +
		`9229499ff: ': *: -: .: /: 2: 3: e: g: i: k: n: o: p: v: w: |:*#;  ; /; b; i; |;*v;fi</a<: <<:<= <a = '= -= d= f= l` +
		`= m= x= {=",="c="d="h==">* >*#>+0></>= >> >ar>fl>pt@, _0 _0*_0__1 _1*_ap_ba_ce_do_er_ex_fa_fi_fl_fp_gr_i0_id_ip_le` +
		`_me_ok_on_ph_pl_ro_sc_si_su_ti_to_ty_ui_usa  a ca da fa la ma na pa ra ta)ba*)a>*a_paboaclad,adaadbadiadsadyaesafe` +
		`affaftag ag:agaaital)al*al-al/alaalealhalraltamianeanianuaofap aptar.ar/arnaryat_ausavaawsax ax)aysb)rb* b, b.nb7s` +
		`babbadbalbarbbebefbesbj bl)bneboubp)brobs bsdbulbunbx*c (c :c =c rc) c);c*)c44c4cc4ec64c_fc_gc_scarccocd cd_ce"ce-` +
		`ce:cepcgociacifcilck(ck*cklcnico_cpucq crocsict(ct*ct:ctucx*d $d (d *d -d =d dd ed md nd ud vd xd zd {d":d(rd(sd) ` +
		`d)*d);d)rd**d,*d-sd. d12d25d51d:*d="d_ad_cd_id_pd_rd_tdavdb db*db_dcodddddeddiddlddqddsddvde*de-de:detdi*digdivdl ` +
		`dmadmido doedomdoudqudradrids:dscdstducdx dx)dx*dx,dy e $e (e -e <e ke |e" e"*e",e":e">e(ce*/e->e-ce-pe-se.ce0(e;*` +
		`e<>e@ e_de_ee_me_ne_oe_vealeavebaec ecaeceecrecued(ed)ed,ed1ed2ed5edsedueeneepef efeeffefoeg egaegeeinel/el=el_ela` +
		`elfeliellelpem.em>emsen)eofeoseouepaepeepter'er(er)er/er=ercerderler}es)es,es-esietieview exaexce},f !f %f cf ef i` +
		`f lf nf of rf sf yf(sf, f00f9ffeafecff ff*ff2ffiffsfi*flufmafmofmtfn:fnnfolfoufseftefulg =g cg fg lg og rg) g*)g0:` +
		`g2(g_sgcege:gedggegnagnogo_gotgrigs:gt;gumgv{gz"h ah ih"*h, halhe*heahemheshichifho howhroht hufi),i*)i**i, ianibu` +
		`ichickicsicyid)id=id_idxiedieriffiftifyig ig.ig_igrikeilailsin-in/inlipliroisaishisoit(it_itcitlitoittiumj *jobjs.` +
		`jusk ck ik sk tk)*k, k.ik2,k3,k4,k7,k;*k_pkipknoks ksukupl -l al bl dl fl ml ol pl sl)*l);l)bl*)l**l: l;*l="l_cl_i` +
		`l_slaclaylcoldele(le,le-lefleglevlholi"ligliulivll*llillsloslq lrelt(lt;lt_ltsluam :m am tm vm, m/lm>*m_imacmaymd_` +
		`me(me)me*me.me/me=me_medmeomipmismjsmmemmumoump mp(mpamptmsgmsumusmutn @n ln mn nn un wn yn {n }n")n"*n",n);n*)n.*` +
		`n:*n;*n_dnatnc(nchncrnd*nd,nd_ndpne(ne)ne*ne<negnesng(ng)ng,ng.ng_nglngongsni nicnlinmennanninornowns*ns.ns_nsonsu` +
		`nt*nt,nt-nt.ntlntpntunuenuxnvanvinx ny o bo do eo fo io lo mo no po wo* o, o/doatobloceodoodsoesof(of_og(og_ok oke` +
		`oloolsomaon'on(on,on=onconionmonvon}oplopmoppopror(or)orcorforros osiossot_otaotiotoov)ovbovhovoowsoy-p -p =p ap i` +
		`p sp tp(xp)(p)lp*)p-fp:/p_fp_vpadpagpc6pe_pedpgrphapidpinpippirpispkgpm_pmapmipmjpmopo po:podponpopppcpplppoprapsr` +
		`ps{pt pt-ptypubpulpxopyrpytq $ql quar !r (r :r _r br fr hr nr wr" r) r);r*)r**r->r-cr. r.*r.sr/lr0,r1 r1)r1*r1,r2 ` +
		`r2)r2*r2,r3)r3,r4 r4)r4,r5 r5,r8 r8*r8,r9 r9,r:*r;*r_ar_cr_er_nr_sr_vragraprarrawrc rcord rd_rdere-re_revrf(rfarg(` +
		`rg2rgcrgurieriorisrk rk_rkerl rm rmirnirnornsrosrotrr)rs*rs.rs/rs:rshrt(r|ns &s *s -s bs ls ms us ys {s |s",s()s) ` +
		`s)*s);s-cs.is.os.ss/cs/ss39s_as_cs_ds_es_is_ms_ns_ps_ssafsagschsclsd se"se)se,se.se_seasepsh_sheshlshrsi)si*sidsim` +
		`sk sk)skisleslisllsmasocsomsonspisposprsr/srlss-ss_sshsslssust)st*st+st,st-st.st:stcstdstmstpstysucsuesurswaswis{'` +
		`t (t -t :t ht ut vt |t",t()t(ct(st);t*)t-gt. t.et;*t_at_dt_et_ft_mt_rt_st_uta)ta,tadtastc/tcatcotdete(te*te,te:tea` +
		`tecteltf(tgrtgzth_tiatietiftiltiptistittl tletlstlytmptnatodtoktootp:tpatpttr)tr,trcts*ts,ts/ts_tstttittytuptusty ` +
		`ty"tylublubsubuuccud_ue)ue0ue=ueruffuidul_ulkum um_umbunnupguppurauriurrus ushusiusrutautoux uxtv *v)$v)*v, v.pv0,` +
		`v0.v1,v2,v2.v3)v3.vatvcvvdqve.ve:vfmvidvirvpavpevq)vx5w)rwaswayweawerwinwn x =x yx)(x0 x0,x1 x15x17x18x19x2,x21x22` +
		`x23x24x25x26x27x28x29x3 x30x31x4 x5 x51x6 x7 x8 x86x9 x9,xamxecxffxisxitxpexpixpoxprxtry :y =y by cy dy fy my oy p` +
		`y ry sy wy":y) y)*y* y*)y.ny11y15yesyleymeyp.yriys ys_yscythz",ze ze_zip{ ${ c{ i{ r{2}{fn{na{}*{}i{}o| d|*;|r|}) ` +
		`})*}*f}*{}*}};*}in}ou`,
}
