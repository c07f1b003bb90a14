package mongo

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Each row leaves the database as a kill at one of the steps of making a collection does.
func TestACollectionHalfMadeIsMadeAnew(t *testing.T) {
	for _, row := range []struct{ name, damage string }{
		{"nothing has happened", ``},
		{"killed before the table was listed", `DELETE FROM "_ferretdb_collections" WHERE name = 'half'`},
		{"killed before the index of _id was made", `DROP INDEX "%[1]s__id_"; DROP INDEX "%[1]s_key_1"; UPDATE "_ferretdb_collections" SET settings = '{}' WHERE name = 'half'`},
		{"killed before the index of _id was listed", `DROP INDEX "%[1]s_key_1"; UPDATE "_ferretdb_collections" SET settings = '{}' WHERE name = 'half'`},
		{"killed before another index was listed", `UPDATE "_ferretdb_collections" SET settings = replace(settings, ',{"name":"key_1","key":[{"field":"key","descending":false}],"unique":true}', '') WHERE name = 'half'`},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			serve(t, dir, func(db *driver.Database) {
				makeIndex(t, db.Collection("half"))
				if _, err := db.Collection("whole").InsertOne(t.Context(), bson.D{{Key: "_id", Value: "kept"}}); err != nil {
					t.Fatal(err)
				}
			})
			damage(t, filepath.Join(dir, "onex.sqlite"), row.damage)
			serve(t, dir, func(db *driver.Database) {
				makeIndex(t, db.Collection("half"))
				wantUnique(t, db.Collection("half"))
				if n, err := db.Collection("whole").CountDocuments(t.Context(), bson.D{}); err != nil || n != 1 {
					t.Errorf("the other collection holds %d documents, want 1 (%v)", n, err)
				}
			})
		})
	}
}

func serve(t *testing.T, dir string, use func(*driver.Database)) {
	t.Helper()
	s, err := Start(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := driver.Connect(options.Client().ApplyURI(s.URI()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Disconnect(t.Context())
	use(c.Database("onex"))
}

func makeIndex(t *testing.T, c *driver.Collection) {
	t.Helper()
	index := driver.IndexModel{Keys: bson.D{{Key: "key", Value: 1}}, Options: options.Index().SetUnique(true)}
	if _, err := c.Indexes().CreateOne(t.Context(), index); err != nil {
		t.Fatal(err)
	}
}

func wantUnique(t *testing.T, c *driver.Collection) {
	t.Helper()
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "a"}, {Key: "key", Value: "x"}}); err != nil {
		t.Fatal(err)
	}
	for _, twin := range []bson.D{
		{{Key: "_id", Value: "a"}, {Key: "key", Value: "y"}},
		{{Key: "_id", Value: "b"}, {Key: "key", Value: "x"}},
	} {
		if _, err := c.InsertOne(t.Context(), twin); !driver.IsDuplicateKeyError(err) {
			t.Errorf("insert %v: %v, want a duplicate key", twin, err)
		}
	}
}

func damage(t *testing.T, file, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var table, before, after string
	read := func(into *string) {
		t.Helper()
		if err := db.QueryRow(`SELECT table_name, (SELECT group_concat(name || settings) FROM "_ferretdb_collections") || (SELECT group_concat(name) FROM sqlite_master) FROM "_ferretdb_collections" WHERE name = 'half'`).Scan(&table, into); err != nil && statements == "" {
			t.Fatal(err)
		}
	}
	read(&before)
	if statements == "" {
		return
	}
	if _, err := db.Exec(fmt.Sprintf(statements+" -- %[1]s", table)); err != nil {
		t.Fatal(err)
	}
	if read(&after); before == after {
		t.Fatalf("the damage changed nothing: %s", before)
	}
}
