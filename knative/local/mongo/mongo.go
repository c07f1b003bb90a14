// Package mongo is a MongoDB for one machine: FerretDB on SQLite inside this process, behind a gate that makes its
// updates as safe as MongoDB's.
package mongo

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// Options says where the documents are kept.
type Options struct {
	// Dir is the folder of the database; it is made if need be.
	Dir string
	// Addr is where to listen; empty means any free port of 127.0.0.1.
	Addr string
	// Log gets what the database has to complain about; nil means nobody.
	Log *slog.Logger
}

// Server is a running database.
type Server struct {
	gate   *gate
	cancel context.CancelFunc
	done   chan struct{}
}

// Start opens the database and serves it until Close.
func Start(o Options) (*Server, error) {
	l, err := listen(o.Addr)
	if err != nil {
		return nil, err
	}
	db, err := openFerret(o)
	if err != nil {
		l.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = db.Run(ctx) // it has no error to return
	}()
	behind, err := url.Parse(db.MongoDBURI())
	if err != nil {
		cancel()
		return nil, fmt.Errorf("parse database address: %w", err)
	}
	s.gate = newGate(l, behind.Host)
	go s.gate.serve()
	return s, nil
}

// Bare is the connection string of the database without its gate, where updates at once are lost. It is there to prove
// what needs no gate.
func (s *Server) Bare() string { return "mongodb://" + s.gate.target + "/" }

// URI is the connection string for a MongoDB driver.
func (s *Server) URI() string { return "mongodb://" + s.gate.addr() + "/" }

// Close stops serving: commands under way end first, connections are cut after them.
func (s *Server) Close() {
	s.gate.close()
	s.cancel()
	<-s.done
}

func listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	return l, nil
}

func openFerret(o Options) (*ferretdb.FerretDB, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve folder %q: %w", o.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder %q: %w", dir, err)
	}
	if err := repair(dir); err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	db, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + strings.TrimSuffix(dir, "/") + "/",
		Logger:    slog.New(complaints{log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", dir, err)
	}
	return db, nil
}
