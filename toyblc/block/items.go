package block

import "strings"

// Separator stands between the items of a block's data: the character that text
// has for this, U+001E. No item holds it.
const Separator = "\x1e"

// Items are the texts that a block carries; none when its data is empty.
func Items(data string) []string {
	if data == "" {
		return nil
	}
	return strings.Split(data, Separator)
}

// JoinItems is the data of a block that carries these texts.
func JoinItems(items []string) string { return strings.Join(items, Separator) }
