package sweep

import (
	"context"
	"testing"

	"rummage/sweep/store"
)

// TestAddresses: an address that is none is told, and keeps none of the others from being searched.
func TestAddresses(t *testing.T) {
	a := &addresses{&Target{URLs: []string{"https://git.example.com/one.git", "none", "https://git.example.com/two.git"}}}
	var names []string
	unread, err := a.list(context.Background(), func(r store.Listed) error {
		names = append(names, r.Name)
		return nil
	})
	if err != nil || unread == nil || len(names) != 2 {
		t.Errorf("%v, %v, %v", names, unread, err)
	}
}
