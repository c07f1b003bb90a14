package reconciler

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapFromSlog lets the work queues, which log with zap, speak through our own logger. They tell of every pass; only
// what went wrong is passed on.
func zapFromSlog(log *slog.Logger) *zap.SugaredLogger {
	return zap.New(slogCore{LevelEnabler: zapcore.WarnLevel, handler: log.Handler()}).Sugar()
}

// slogCore is a zap core that writes to a slog handler.
type slogCore struct {
	zapcore.LevelEnabler
	handler slog.Handler
}

// With gives a core that adds the fields to all it writes.
func (c slogCore) With(fields []zapcore.Field) zapcore.Core {
	c.handler = c.handler.WithAttrs(attrs(fields))
	return c
}

// Check takes the entry on if its level is ours.
func (c slogCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write hands the entry over.
func (c slogCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	level := slog.LevelWarn
	if e.Level >= zapcore.ErrorLevel {
		level = slog.LevelError
	}
	record := slog.NewRecord(e.Time, level, e.Message, 0)
	if e.LoggerName != "" {
		record.AddAttrs(slog.String("loop", e.LoggerName))
	}
	record.AddAttrs(attrs(fields)...)
	return c.handler.Handle(context.Background(), record)
}

// Sync has nothing to do: handlers do not hold back.
func (slogCore) Sync() error { return nil }

func attrs(fields []zapcore.Field) []slog.Attr {
	enc := zapcore.NewMapObjectEncoder()
	list := make([]slog.Attr, 0, len(fields))
	for _, f := range fields {
		f.AddTo(enc)
		value := enc.Fields[f.Key]
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		list = append(list, slog.Any(f.Key, value))
	}
	return list
}
