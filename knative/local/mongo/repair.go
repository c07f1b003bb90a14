package mongo

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the database's own driver
)

// FerretDB makes a collection in several steps, each committed by itself: a table, a line about it in a list, the
// unique index of _id, a line about that. A process that is killed in between leaves tables and indexes that nobody
// knows of and that cannot be made again or, worse, a collection that takes two documents of one _id. What is half
// made holds no document yet, so it can simply go.

// list is the table in which FerretDB keeps what it knows of its collections.
const list = "_ferretdb_collections"

// known is one line of the list: a table, and which indexes it has.
type known struct {
	table   string
	indexes []string
}

// repair removes what is half made from every database in dir. Nobody else may have them open.
func repair(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.sqlite"))
	if err != nil {
		return fmt.Errorf("list databases in %q: %w", dir, err)
	}
	for _, file := range files {
		if err := repairFile(file); err != nil {
			return fmt.Errorf("repair database %q: %w", file, err)
		}
	}
	return nil
}

func repairFile(file string) (err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var listed int
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, list).Scan(&listed); err != nil || listed == 0 {
		return err
	}
	collections, err := readList(db)
	if err != nil {
		return err
	}
	tables, indexes := map[string]bool{list: true}, map[string]bool{}
	for _, c := range collections {
		if len(c.indexes) == 0 {
			if _, err := db.Exec(fmt.Sprintf(`DELETE FROM %q WHERE table_name = ?`, list), c.table); err != nil {
				return err
			}
			continue
		}
		tables[c.table] = true
		for _, i := range c.indexes {
			indexes[c.table+"_"+i] = true
		}
	}
	return errors.Join(dropUnknown(db, "index", indexes), dropUnknown(db, "table", tables))
}

func readList(db *sql.DB) ([]known, error) {
	rows, err := db.Query(fmt.Sprintf(`SELECT table_name, settings FROM %q`, list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []known
	for rows.Next() {
		var table, text string
		if err := rows.Scan(&table, &text); err != nil {
			return nil, err
		}
		var settings struct {
			Indexes []struct {
				Name string `json:"name"`
			} `json:"indexes"`
		}
		if err := json.Unmarshal([]byte(text), &settings); err != nil {
			return nil, fmt.Errorf("settings of %q: %w", table, err)
		}
		k := known{table: table}
		for _, i := range settings.Indexes {
			k.indexes = append(k.indexes, i.Name)
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// dropUnknown drops what SQLite has and the list does not. SQLite's own objects have reserved names or no text.
func dropUnknown(db *sql.DB, kind string, wanted map[string]bool) error {
	rows, err := db.Query(`SELECT name FROM sqlite_master WHERE type = ? AND sql IS NOT NULL`, kind)
	if err != nil {
		return err
	}
	var unknown []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(err, rows.Close())
		}
		if !wanted[name] && !strings.HasPrefix(name, "sqlite_") && !strings.HasPrefix(name, list) {
			unknown = append(unknown, name)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, name := range unknown {
		if _, err := db.Exec(fmt.Sprintf(`DROP %s IF EXISTS %q`, kind, name)); err != nil {
			return err
		}
	}
	return nil
}
