package scan

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSize reads a number of bytes as people write it: 500, 64k, 10MB, 64MiB, 1G. Units are powers of 1,024.
func ParseSize(text string) (int64, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	digits := strings.TrimRight(s, "kmgib")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, ok := map[string]int64{"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10, "m": 1 << 20, "mb": 1 << 20,
		"mib": 1 << 20, "g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30}[s[len(digits):]]
	if err != nil || !ok || n <= 0 || n > (1<<40)/unit {
		return 0, fmt.Errorf("size %.40q: want a number with a unit, such as 500k or 64MiB", text)
	}
	return n * unit, nil
}

// FormatSize writes a number of bytes with the largest unit that it is whole in.
func FormatSize(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB"}
	i := 0
	for ; i < len(units)-1 && n > 0 && n%1024 == 0; i++ {
		n /= 1024
	}
	return fmt.Sprintf("%d %s", n, units[i])
}
