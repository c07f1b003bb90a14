// Package page is how lists are asked for, the same way in every domain.
package page

// Page says which part of a list is wanted.
type Page struct {
	Limit  int `query:"limit" minimum:"0" maximum:"1000" default:"100" doc:"how many to list at most"`
	Offset int `query:"offset" minimum:"0" doc:"how many to leave out before"`
}

// Cut is the part of all that the page shows; never nil.
func Cut[T any](all []T, p Page) []T {
	from := min(p.Offset, len(all))
	return append([]T{}, all[from:from+min(p.Limit, len(all)-from)]...)
}
