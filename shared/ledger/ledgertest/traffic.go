package ledgertest

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
)

// traffic listens to the commands that reach the server.
type traffic struct {
	mu     sync.Mutex
	reads  int
	writes int
	scans  []string
	// die is called when so many more writes have been answered.
	left int
	die  func()
}

func (l *traffic) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{
		Started: l.started,
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) {
			if isWrite(e.CommandName) {
				l.written()
			}
		},
	}
}

func isWrite(command string) bool {
	return command == "insert" || command == "update" || command == "delete"
}

func (l *traffic) started(_ context.Context, e *event.CommandStartedEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	filter := ""
	switch {
	case e.CommandName == "find":
		l.reads++
		filter = "filter"
	case isWrite(e.CommandName):
		l.writes++
		filter = map[string]string{"update": "updates.0.q", "delete": "deletes.0.q"}[e.CommandName]
	default:
		return
	}
	if filter != "" && !isExact(e.Command, filter) {
		l.scans = append(l.scans, e.Command.String())
	}
}

// isExact says whether a filter asks for one _id that is a string, which is all that some servers do not scan for.
func isExact(command bson.Raw, filter string) bool {
	path := []string{filter}
	if filter != "filter" {
		path = []string{filter[:len(filter)-len(".0.q")], "0", "q"}
	}
	value, err := command.LookupErr(path...)
	if err != nil {
		return false
	}
	fields, err := value.Document().Elements()
	return err == nil && len(fields) == 1 && fields[0].Key() == "_id" && fields[0].Value().Type == bson.TypeString
}

// counted tells what f sends.
func (l *traffic) counted(f func()) (reads, writes int, scans []string) {
	l.mu.Lock()
	l.reads, l.writes, l.scans = 0, 0, nil
	l.mu.Unlock()
	f()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads, l.writes, l.scans
}

// mortal is a context that ends when so many writes have been answered: nothing is sent after the last of them, as
// by a process that was killed.
func (l *traffic) mortal(ctx context.Context, writes int) (context.Context, func()) {
	ctx, die := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.die = writes, die
	if writes == 0 {
		die()
	}
	return ctx, func() {
		die()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.die = nil
	}
}

func (l *traffic) written() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left--; l.left == 0 && l.die != nil {
		l.die()
	}
}
