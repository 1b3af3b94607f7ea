package assignment

// readValue finds the form of assignment behind the name and reads its value.
func (r *textReader) readValue() (value Span, quoted, ok bool) {
	p := r.name.End
	if r.quote != 0 {
		p += r.slashes + 1
	}
	if r.hasAt(r.name.Start-2, "${") && r.quote == 0 {
		return r.templateDefault(p)
	}
	switch r.at(p) {
	case '>':
		return r.element(p + 1)
	case '<':
		return r.sibling(p)
	case '(':
		if r.quote != 0 || !r.method() {
			return Span{}, false, false
		}
		return r.onlyArgument(r.skipSpace(p + 1))
	case ',':
		return r.argument(p + 1)
	case ']':
		if r.quote == 0 && r.at(r.name.Start-1) != ':' {
			return Span{}, false, false
		}
		p++ // name["key"] = v, name[:key] = v
	case ')':
		return r.fallback(r.skipBlank(p + 1)) // get("key") || "v"
	case '[':
		p = r.skipIndex(p)
	}
	q := r.skipBlank(p)
	if v, quoted, ok := r.fallback(q); ok {
		return v, quoted, ok
	}
	if op := r.operator(q); op > 0 {
		return r.operand(q+op, r.data[q:q+op])
	}
	if v, quoted, ok := r.pair(p); ok {
		return v, quoted, ok
	}
	if q == p {
		return Span{}, false, false
	}
	return r.spaced(q)
}

// fallbacks are the operators between a variable and the value that stands in for it.
var fallbacks = [...]string{"||", "??", "?:", "or "}

// fallback reads the string literal behind one of fallbacks: process.env.NAME || "v", ENV.fetch("NAME") or "v".
func (r *textReader) fallback(p int) (Span, bool, bool) {
	for _, op := range fallbacks {
		if r.hasAt(p, op) && !r.hasAt(p, "||=") {
			return r.quotedOnly(r.skipBlank(p + len(op)))
		}
	}
	return Span{}, false, false
}

// pair reads the value of a pair whose name is a value too: key="name" value="v", {"name": "name", "value": "v"},
// and the same in YAML, on one line or two.
func (r *textReader) pair(p int) (Span, bool, bool) {
	switch r.at(p) {
	case ' ', '\t', '\n', '\r', ',':
	default:
		return Span{}, false, false
	}
	if b := r.before(); r.at(b) != '=' && r.at(b) != ':' || !r.keyBefore(b) {
		return Span{}, false, false
	}
	q := r.skipSpace(p)
	if r.at(q) == ',' {
		q = r.skipSpace(q + 1)
	}
	mark := r.at(q)
	if class[mark]&quoteByte == 0 {
		mark = 0
	} else {
		q++
	}
	if !r.foldAt(q, "value") {
		return Span{}, false, false
	}
	q += len("value")
	if mark != 0 && r.at(q) == mark {
		q++
	}
	q = r.skipBlank(q)
	if r.at(q) != '=' && r.at(q) != ':' {
		return Span{}, false, false
	}
	q = r.skipBlank(q + 1)
	if o, open := r.openQuote(q); open {
		return r.quotedValue(o)
	}
	if class[r.at(q)]&spaceByte != 0 {
		return Span{}, false, false
	}
	return r.bare(q)
}

// keyBefore reports whether the word before the = or : at b is key or name, or ends with one of them.
func (r *textReader) keyBefore(b int) bool {
	for n := 0; n < 4 && (class[r.at(b-1)]&quoteByte != 0 || r.at(b-1) == ' ' || r.at(b-1) == '\\'); n++ {
		b--
	}
	return r.foldAt(b-3, "key") || r.foldAt(b-4, "name")
}

// foldAt reports whether word, in any case, stands at p.
func (r *textReader) foldAt(p int, word string) bool {
	if p < 0 || p+len(word) > len(r.data) {
		return false
	}
	for i := range len(word) {
		if r.data[p+i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// sibling reads the element behind the one whose content the name is: <key>name</key><string>v</string> of property
// lists, <name>name</name><value>v</value> of Hadoop and others.
func (r *textReader) sibling(p int) (Span, bool, bool) {
	q := p
	switch {
	case r.hasAt(p, "</key>"):
		q += len("</key>")
	case r.hasAt(p, "</name>"):
		q += len("</name>")
	default:
		return Span{}, false, false
	}
	q = r.skipSpace(q)
	switch {
	case r.hasAt(q, "<string>"):
		return r.content(q + len("<string>"))
	case r.hasAt(q, "<value>"):
		return r.content(q + len("<value>"))
	}
	return Span{}, false, false
}

// method cuts a dotted name down to its last part, the method that is called, and reports whether the hit is in it:
// config.setPassword("v") is one, password.decode("utf8") is none.
func (r *textReader) method() bool {
	for i := r.name.End; i > r.name.Start; i-- {
		if r.data[i-1] == '.' {
			r.name.Start = i
			break
		}
	}
	return r.hit.Start >= r.name.Start
}

// onlyArgument reads the string literal at p, the argument of a method. Of several arguments of one that takes
// credentials the first is the user.
func (r *textReader) onlyArgument(p int) (Span, bool, bool) {
	v, quoted, ok := r.quotedOnly(p)
	if ok && r.at(r.skipBlank(v.End+1)) == ',' && r.foldAt(r.hit.Start, "cred") {
		return Span{}, false, false
	}
	return v, quoted, ok
}

// skipIndex skips the [] or [32] of a C array declaration.
func (r *textReader) skipIndex(p int) int {
	q := p + 1
	for n := 0; n < 8 && '0' <= r.at(q) && r.at(q) <= '9'; n++ {
		q++
	}
	if r.at(q) == ']' {
		return q + 1
	}
	return p
}

// operators, longest first where one begins another.
var operators = [...]string{"===", "!==", "==", "!=", "=>", "::=", ":=", "||=", "?=", "+=", "<-", "->", "=", ":"}

// operator is the length of the assignment operator at p, 0 for none.
func (r *textReader) operator(p int) int {
	switch r.at(p) {
	case '=', '!', ':', '|', '?', '+', '<', '-':
	default:
		return 0
	}
	for _, op := range operators {
		if !r.hasAt(p, op) {
			continue
		}
		if op == "=" && r.at(p+1) == '~' || op == ":" && r.at(p+1) == ':' {
			return 0 // a pattern match; a scope
		}
		return len(op)
	}
	return 0
}

// templateDefault reads v of ${NAME:-v}, ${NAME-v}, ${NAME:=v}, ${NAME:+v} and Spring's ${NAME:v}.
func (r *textReader) templateDefault(p int) (Span, bool, bool) {
	switch r.at(p) {
	case ':':
		p++
		switch r.at(p) {
		case '-', '=', '+':
			p++
		case '?', '}':
			return Span{}, false, false
		}
	case '-', '+':
		p++
	default:
		return Span{}, false, false
	}
	depth, end := 1, p
	for ; end < min(len(r.data), p+MaxValue); end++ {
		switch r.data[end] {
		case '{':
			depth++
		case '}':
			depth--
		case '\n', 0:
			return Span{}, false, false
		}
		if depth == 0 {
			return r.unquoteSpan(Span{p, end})
		}
	}
	return Span{}, false, false
}

// unquoteSpan takes one pair of quotation marks off s.
func (r *textReader) unquoteSpan(s Span) (Span, bool, bool) {
	if s.Len() >= 2 {
		if c := r.data[s.Start]; class[c]&quoteByte != 0 && r.data[s.End-1] == c {
			return Span{s.Start + 1, s.End - 1}, true, true
		}
	}
	return s, false, true
}

// element reads what stands behind the > at p-1: <name>v</name>, <string name="name">v</string>, and
// <key>name</key><string>v</string> when the name is itself an element's content.
func (r *textReader) element(p int) (Span, bool, bool) {
	b := r.name.Start - 1
	if r.quote == 0 {
		for n := 0; n < 16 && (class[r.at(b)]&nameByte != 0 || r.at(b) == ':'); n++ {
			b-- // a namespace
		}
		if r.at(b) != '<' || r.at(b-1) == '=' {
			return Span{}, false, false // password=<password> is a placeholder
		}
	} else if r.at(r.before()) != '=' {
		return Span{}, false, false
	}
	return r.content(p)
}

// content reads text up to the next tag.
func (r *textReader) content(p int) (Span, bool, bool) {
	if r.at(p) == '@' {
		return Span{}, false, false // <user>:<password>@host
	}
	p = r.skipSpace(p)
	if r.hasAt(p, "<![CDATA[") {
		p += 9
	}
	end := p
	for end < min(len(r.data), p+MaxValue) && r.data[end] != '<' && r.data[end] != '\n' && r.data[end] != 0 {
		end++
	}
	if r.at(end) != '<' && (r.at(end) != '\n' || r.at(r.skipSpace(end)) != '<') {
		return Span{}, false, false
	}
	quoted := r.at(end) == '<'
	for end > p && (class[r.data[end-1]]&spaceByte != 0 || r.data[end-1] == ']' && r.hasAt(end-1, "]]>")) {
		end--
	}
	return Span{p, end}, quoted, true
}

// argument reads the second argument of a call, ("NAME", "v"): both quoted, and the first directly behind the
// bracket, so that lists of words are not taken for pairs.
func (r *textReader) argument(p int) (Span, bool, bool) {
	if r.quote == 0 {
		return Span{}, false, false
	}
	switch b := r.before(); r.at(b) {
	case '(':
		if r.foldAt(b-len("lookup"), "lookup") {
			return Span{}, false, false // the name of a way to look the value up
		}
	case ',':
		if !r.gradleField(b) {
			return Span{}, false, false
		}
	default:
		return r.pair(p - 1)
	}
	return r.quotedOnly(r.skipSpace(p))
}

// gradleField reports whether the text before b is the beginning of Android's buildConfigField 'String', or
// resValue "string",.
func (r *textReader) gradleField(b int) bool {
	for i := b; i >= max(0, b-48) && r.data[i] != '\n'; i-- {
		if r.hasAt(i, "buildConfigField") || r.hasAt(i, "resValue") {
			return true
		}
	}
	return false
}

// quotedOnly reads a string literal at p, with its prefix.
func (r *textReader) quotedOnly(p int) (Span, bool, bool) {
	q := r.skipPrefix(p)
	if s, open := r.openQuote(q); open {
		return r.quotedValue(s)
	}
	return Span{}, false, false
}

// members are the names, in an object that describes a variable, of its value.
var members = [...]string{"value", "defaultvalue", "default"}

// member reads the string literal that is the value in the object at p: "name": {"value": "v"} of templates of Azure,
// variable "name" { default = "v" } of Terraform.
func (r *textReader) member(p int) (Span, bool, bool) {
	for limit := r.name.End + MaxGap; p < limit; p++ {
		switch c := r.at(p); {
		case c == '}' || c == '{' || c == 0:
			return Span{}, false, false
		case class[c]&wordByte == 0:
			continue
		}
		end := p
		for end < limit && class[r.at(end)]&wordByte != 0 {
			end++
		}
		if q := r.memberValue(p, end); q > 0 {
			return r.quotedOnly(q)
		}
		p = end - 1
	}
	return Span{}, false, false
}

// memberValue is the offset of the value of the member whose name is the word from p to end, 0 when it is not one of
// members.
func (r *textReader) memberValue(p, end int) int {
	for _, m := range members {
		if end-p != len(m) || !r.foldAt(p, m) {
			continue
		}
		if class[r.at(end)]&quoteByte != 0 {
			end++
		}
		end = r.skipBlank(end)
		if r.at(end) != ':' && r.at(end) != '=' {
			return 0
		}
		return r.skipBlank(end + 1)
	}
	return 0
}

// spaced reads forms without an operator: flags (--name v), typed declarations (name string = "v"), attributes
// (name="password" value="v", and the same in YAML and JSON), and a literal directly behind the name (SQL's
// PASSWORD 'v').
func (r *textReader) spaced(p int) (Span, bool, bool) {
	flag := r.quote == 0 && r.at(r.name.Start-1) == '-'
	if flag && r.at(r.name.Start-2) != '-' && r.hit.Start == r.name.Start+1 {
		return Span{}, false, false // -psecret db: a flag of one letter with its value, and another argument
	}
	if r.hasAt(p, "is ") && r.quote == 0 {
		p = r.skipBlank(p + 3) // the password is "v"
		if class[r.at(p)]&quoteByte == 0 {
			return Span{}, false, false
		}
	}
	if q := r.skipPrefix(p); r.quote == 0 && r.at(q) != '`' {
		if o, open := r.openQuote(q); open {
			return r.quotedValue(o)
		}
	}
	if flag {
		if p > r.name.End+2 || r.at(p) == '-' && class[r.at(p+1)]&wordByte != 0 {
			return Span{}, false, false // the flag's description; another flag
		}
		return r.bare(p)
	}
	if r.quote != 0 && r.at(p) == '{' && r.hasAt(r.before()-len("variable")+1, "variable") {
		return r.member(p + 1)
	}
	if q, ok := r.skipType(p); ok && r.at(q-2) == ' ' {
		if v, quoted, ok := r.operand(q, nil); ok && quoted {
			return v, quoted, ok
		}
		// Password password = f: the name is that of the type.
	}
	return Span{}, false, false
}

// skipType skips a type between a name and its = sign and returns the offset behind the sign.
func (r *textReader) skipType(p int) (int, bool) {
	q := p
	for n := 0; n < 48; n++ {
		c := r.at(q)
		if class[c]&wordByte == 0 && c != '.' && c != '*' && c != '&' && c != '[' && c != ']' && c != '<' && c != '>' && c != '?' {
			break
		}
		q++
	}
	if q == p {
		return 0, false
	}
	q = r.skipBlank(q)
	// Behind the sign of a typed declaration stands a value; padding of base64 has nothing behind it.
	if c := r.at(q + 1); r.at(q) == '=' && (c == ' ' || class[c]&quoteByte != 0) {
		return q + 1, true
	}
	return 0, false
}
