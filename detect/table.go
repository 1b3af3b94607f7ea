package detect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// table reads one TOML table as gitleaks' configuration reader does: keys in any case, and values converted where the
// meaning is plain ("3.5" for a number, one string or a comma list for a list). The first mistake is kept and all
// later readings give zero values, so that a reader of a table asks for an error once, at its end.
type table struct {
	file *source
	path string
	m    map[string]any // lower-cased keys
	used map[string]bool
	err  error
}

func newTable(file *source, path string, m map[string]any) *table {
	t := &table{file: file, path: path, m: make(map[string]any, len(m)), used: make(map[string]bool, len(m))}
	for k, v := range m {
		low := strings.ToLower(k)
		if _, twice := t.m[low]; twice {
			t.fail(low, "key %q is given twice, in different case", low)
		}
		t.m[low] = v
	}
	return t
}

// at is the path of a key of the table.
func (t *table) at(key string) string { return join(t.path, strings.ToLower(key)) }

// fail keeps the first mistake, placed at the key.
func (t *table) fail(key, format string, args ...any) {
	if t.err == nil {
		t.err = t.file.errorf(t.at(key), format, args...)
	}
}

// value is the value of a key, which then counts as known.
func (t *table) value(key string) (any, bool) {
	low := strings.ToLower(key)
	t.used[low] = true
	v, ok := t.m[low]
	return v, ok
}

// finish reports the first mistake; a key that nobody asked for is one. A key that would be unknown to gitleaks too
// is most often a misspelt one, and a misspelt allowlist must not be taken for a working one.
func (t *table) finish() error {
	if t.err != nil {
		return t.err
	}
	var unknown []string
	for k := range t.m {
		if !t.used[k] {
			unknown = append(unknown, k)
		}
	}
	slices.SortFunc(unknown, func(a, b string) int {
		if d := t.file.line(t.at(a)) - t.file.line(t.at(b)); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	if len(unknown) > 0 {
		t.fail(unknown[0], "unknown key %q", unknown[0])
	}
	return t.err
}

func (t *table) str(key string) string {
	v, ok := t.value(key)
	if !ok {
		return ""
	}
	s, ok := asString(v)
	if !ok {
		t.fail(key, "%s: want a string, have %s", key, typeName(v))
	}
	return s
}

func asString(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	}
	return "", false
}

func (t *table) strs(key string) []string {
	v, ok := t.value(key)
	if !ok {
		return nil
	}
	switch v := v.(type) {
	case []any:
		list := make([]string, 0, len(v))
		for i, e := range v {
			s, ok := asString(e)
			if !ok {
				t.fail(key+"["+strconv.Itoa(i)+"]", "%s: want strings, have %s", key, typeName(e))
				return nil
			}
			list = append(list, s)
		}
		return list
	case string:
		if v == "" {
			return nil
		}
		return strings.Split(v, ",")
	}
	if s, ok := asString(v); ok {
		return []string{s}
	}
	t.fail(key, "%s: want a list of strings, have %s", key, typeName(v))
	return nil
}

func (t *table) float(key string) float64 {
	v, ok := t.value(key)
	if !ok {
		return 0
	}
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case bool:
		if v {
			return 1
		}
		return 0
	case string:
		if v == "" {
			return 0
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f
		}
	}
	t.fail(key, "%s: want a number, have %s", key, typeName(v))
	return 0
}

// int reads an integer; has reports whether the key was there.
func (t *table) int(key string) (n int, has bool) {
	v, ok := t.value(key)
	if !ok {
		return 0, false
	}
	switch v := v.(type) {
	case int64:
		if int64(int(v)) == v {
			return int(v), true
		}
	case float64:
		if v >= -1e9 && v <= 1e9 {
			return int(v), true
		}
	case string:
		if i, err := strconv.ParseInt(v, 0, 32); err == nil {
			return int(i), true
		}
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	t.fail(key, "%s: want an integer, have %s", key, typeName(v))
	return 0, true
}

func (t *table) bool(key string) bool {
	v, ok := t.value(key)
	if !ok {
		return false
	}
	switch v := v.(type) {
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		if v == "" {
			return false
		}
		if b, err := strconv.ParseBool(v); err == nil {
			return b
		}
	}
	t.fail(key, "%s: want true or false, have %s", key, typeName(v))
	return false
}

// sub is the table at key, nil when there is none.
func (t *table) sub(key string) *table {
	v, ok := t.value(key)
	if !ok {
		return nil
	}
	if m, ok := v.(map[string]any); ok {
		return newTable(t.file, t.at(key), m)
	}
	// [[allowlist]] where [allowlist] was meant: one table stands for itself.
	if list, ok := v.([]map[string]any); ok && len(list) == 1 {
		return newTable(t.file, t.at(key)+"[0]", list[0])
	}
	t.fail(key, "%s: want a table, have %s", key, typeName(v))
	return nil
}

// subs are the tables of an array of tables; one table counts as an array of one.
func (t *table) subs(key string) []*table {
	v, ok := t.value(key)
	if !ok {
		return nil
	}
	var tables []*table
	add := func(i int, m map[string]any) {
		tables = append(tables, newTable(t.file, fmt.Sprintf("%s[%d]", t.at(key), i), m))
	}
	switch v := v.(type) {
	case []map[string]any:
		for i, m := range v {
			add(i, m)
		}
	case map[string]any:
		tables = append(tables, newTable(t.file, t.at(key), v))
	case []any:
		for i, e := range v {
			m, ok := e.(map[string]any)
			if !ok {
				t.fail(fmt.Sprintf("%s[%d]", key, i), "%s: want tables, have %s", key, typeName(e))
				return nil
			}
			add(i, m)
		}
	default:
		t.fail(key, "%s: want tables, have %s", key, typeName(v))
	}
	return tables
}

// typeName names a TOML value's type without showing the value.
func typeName(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a number"
	case bool:
		return "true or false"
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "an array"
	}
	return "a date"
}
