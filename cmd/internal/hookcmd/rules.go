package hookcmd

import (
	"fmt"
	"io"
	"os"

	"rummage/cmd/internal/ahead"
	"rummage/detect"
)

// maxRuleFile bounds rule files, baselines and ignore files that the user names.
const maxRuleFile = 64 << 20

// LoadFile reads a file that the user names.
func LoadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxRuleFile+1))
	if err == nil && len(data) > maxRuleFile {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxRuleFile)
	}
	return data, err
}

// LoadRules reads rule files, or the built-in rules when there are none.
func LoadRules(files []string) (*detect.Ruleset, error) {
	builtIn, err := ahead.Rules()
	if err != nil || len(files) == 0 {
		return builtIn, err
	}
	options := detect.Options{Load: LoadFile, DefaultSet: builtIn}
	var sets []*detect.Ruleset
	for _, name := range files {
		data, err := LoadFile(name)
		if err != nil {
			return nil, err
		}
		rs, err := detect.Parse(name, data, options)
		if err != nil {
			return nil, err
		}
		sets = append(sets, rs)
	}
	return detect.Merge(sets...)
}
