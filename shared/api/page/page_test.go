package page_test

import (
	"slices"
	"testing"

	"onex.io/onex/shared/api/page"
)

func TestCut(t *testing.T) {
	all := []int{1, 2, 3, 4, 5}
	for _, row := range []struct {
		name string
		page page.Page
		want []int
	}{
		{"the first two", page.Page{Limit: 2}, []int{1, 2}},
		{"the next two", page.Page{Limit: 2, Offset: 2}, []int{3, 4}},
		{"the rest", page.Page{Limit: 100, Offset: 4}, []int{5}},
		{"beyond the end", page.Page{Limit: 100, Offset: 5}, []int{}},
		{"far beyond the end", page.Page{Limit: 1000, Offset: 1 << 40}, []int{}},
		{"no limit is as many as there may be", page.Page{}, []int{1, 2, 3, 4, 5}},
		{"and not before the offset", page.Page{Offset: 4}, []int{5}},
	} {
		if got := page.Cut(all, row.page); got == nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}
