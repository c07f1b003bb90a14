package mongo

import (
	"context"
	"log/slog"
)

// complaints passes on warnings and worse. What the database says beyond that, for who looks for its faults, holds whole
// documents: hashes of passwords, too.
type complaints struct{ next slog.Handler }

// Enabled tells whether a line is bad enough.
func (c complaints) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && c.next.Enabled(ctx, level)
}

// Handle passes a line on.
func (c complaints) Handle(ctx context.Context, r slog.Record) error { return c.next.Handle(ctx, r) }

// WithAttrs has every line say more.
func (c complaints) WithAttrs(attrs []slog.Attr) slog.Handler {
	return complaints{c.next.WithAttrs(attrs)}
}

// WithGroup has what follows belong together.
func (c complaints) WithGroup(name string) slog.Handler { return complaints{c.next.WithGroup(name)} }
