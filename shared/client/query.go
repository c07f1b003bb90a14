package client

import (
	"net/url"
	"strconv"

	"onex.io/onex/shared/api/page"
)

// query collects what follows the question mark; what is empty is left out.
type query struct{ url.Values }

func newQuery() query { return query{url.Values{}} }

func (q query) set(name, value string) query {
	if value != "" {
		q.Set(name, value)
	}
	return q
}

func (q query) number(name string, value int) query {
	if value > 0 {
		q.Set(name, strconv.Itoa(value))
	}
	return q
}

// page asks for a part of a list; the zero page is the platform's own first one.
func (q query) page(p page.Page) query { return q.number("limit", p.Limit).number("offset", p.Offset) }

// on is the path with the query behind it.
func (q query) on(path string) string {
	if len(q.Values) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
