// Package redis is a Redis for one machine, inside this process. It keeps nothing over a restart, which the platform
// promises to bear.
package redis

import (
	"fmt"

	"github.com/alicebob/miniredis/v2"
)

// Server is a running Redis.
type Server struct {
	mini *miniredis.Miniredis
}

// Start serves on addr; empty means any free port of 127.0.0.1.
func Start(addr string) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	m := miniredis.NewMiniRedis()
	// Without it a key with a lifetime lives for ever.
	m.ClockTTL(true)
	if err := m.StartAddr(addr); err != nil {
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	return &Server{mini: m}, nil
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return s.mini.Addr() }

// Flush empties the server, as a restart would.
func (s *Server) Flush() { s.mini.FlushAll() }

// Close stops the server.
func (s *Server) Close() { s.mini.Close() }
