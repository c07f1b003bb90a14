package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// program is something that can be started and answers HTTP on PORT.
type program struct {
	name string
	file string
	env  []string
}

// patience bounds the wait for a first answer.
const patience = 10 * time.Second

// start starts the program and measures the time from exec to its first answer. Stop ends it.
func (p program) start() (took time.Duration, addr string, stop func(), err error) {
	addr, err = freeAddr()
	if err != nil {
		return 0, "", nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	command := exec.Command(p.file)
	command.Env = append(p.env, "PORT="+port)
	began := time.Now()
	if err := command.Start(); err != nil {
		return 0, "", nil, err
	}
	stop = func() {
		_ = command.Process.Signal(os.Kill)
		_ = command.Wait() // it was killed
	}
	for {
		err := ask(addr)
		if err == nil {
			return time.Since(began), addr, stop, nil
		}
		if time.Since(began) > patience {
			stop()
			return 0, "", nil, fmt.Errorf("%s does not answer: %w", p.name, err)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// ask sends one request over a connection of its own. Any answer is one.
func ask(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodGet, "http://"+addr+"/v1/wallet", nil)
	if err != nil {
		return err
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
