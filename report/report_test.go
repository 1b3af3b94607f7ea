package report

import (
	"bytes"
	"testing"
)

func TestUnknownFormat(t *testing.T) {
	err := Write(&bytes.Buffer{}, "pdf", sample(), Options{})
	if err == nil {
		t.Fatal("no error for a format that does not exist")
	}
}
