// Package page is how lists are asked for, the same way in every domain.
package page

// Page says which part of a list is wanted.
type Page struct {
	Limit  int `query:"limit" minimum:"0" maximum:"1000" default:"100" doc:"how many to list at most"`
	Offset int `query:"offset" minimum:"0" doc:"how many to leave out before"`
}

// whole is how many are listed where none are asked for, by which clients of the original mean as many as there may be.
const whole = 1000

// Most is how many the page shows at most.
func (p Page) Most() int {
	if p.Limit == 0 {
		return whole
	}
	return p.Limit
}

// Cut is the part of all that the page shows; never nil.
func Cut[T any](all []T, p Page) []T {
	from := min(p.Offset, len(all))
	return append([]T{}, all[from:from+min(p.Most(), len(all)-from)]...)
}
