package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
)

// FD=TARGET: a listening socket that was handed down, and whose calls go to the target. The socket outlives
// this program, so that the operator finds the service at the same address in its next life.
func inherited(text string) (net.Listener, string, error) {
	number, target, ok := strings.Cut(text, "=")
	fd, err := strconv.Atoi(number)
	if !ok || err != nil {
		return nil, "", fmt.Errorf("%q is no FD=TARGET", text)
	}
	file := os.NewFile(uintptr(fd), "listener")
	defer file.Close() // the operator gets none of it
	listener, err := net.FileListener(file)
	return listener, target, err
}

// --- AWS's query protocol: every call counts, named by its Action ----------------------------------------

func (p *points) aws(text string) error {
	listener, target, err := inherited(text)
	if err != nil {
		return err
	}
	where, err := url.Parse(target)
	if err != nil {
		return err
	}
	// The Host header stays as it was signed.
	upstream := httputil.NewSingleHostReverseProxy(where)
	upstream.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			form, _ := url.ParseQuery(string(wholeBody(r)))
			action := form.Get("Action")
			asks := strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List")
			p.serve("aws "+action, asks, upstream, w, r)
		}))
	}()
	return nil
}

// --- PostgreSQL: every login and every statement counts --------------------------------------------

func (p *points) postgres(text string) error {
	listener, target, err := inherited(text)
	if err != nil {
		return err
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			s := &session{client: client, server: server, answered: make(chan struct{}, 1)}
			go s.answers()
			go s.requests(p)
		}
	}()
	return nil
}

const login = "postgres login"

type session struct {
	client, server net.Conn
	answered       chan struct{} // the server said something, or hung up
	held           sync.Mutex    // while another has it, the operator does not hear that
}

func (s *session) answers() {
	defer s.client.Close()
	buffer := make([]byte, 64*1024)
	for {
		n, err := s.server.Read(buffer)
		select {
		case s.answered <- struct{}{}:
		default:
		}
		s.held.Lock()
		_, _ = s.client.Write(buffer[:n])
		s.held.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *session) requests(p *points) {
	defer s.server.Close()
	for typed := false; ; {
		request, call, err := nextRequest(s.client, &typed)
		if err != nil {
			return
		}
		if call == "" {
			_, err = s.server.Write(request)
		} else {
			err = s.counted(p, call, request)
		}
		if err != nil {
			return
		}
	}
}

func (s *session) counted(p *points, call string, request []byte) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.repeats(call, call == login) {
		_, err := s.server.Write(request)
		return err
	}
	s.held.Lock()
	defer s.held.Unlock()
	select {
	case <-s.answered: // to what came before
	default:
	}
	p.before(call)
	if _, err := s.server.Write(request); err != nil {
		return err
	}
	<-s.answered
	p.after(call, "answered")
	return nil
}

// What a client sends before it waits for an answer, and its name where it counts. Of a statement that is
// the first two words: none of Firebreak's has a value there.
func nextRequest(client io.Reader, typed *bool) (request []byte, call string, err error) {
	const version3 = 196608 // else it asks whether the server speaks TLS
	if !*typed {
		body, err := message(client, &request)
		if err == nil && len(body) >= 4 && binary.BigEndian.Uint32(body) == version3 {
			*typed, call = true, login
		}
		return request, call, err
	}
	for {
		kind := make([]byte, 1)
		if _, err := io.ReadFull(client, kind); err != nil {
			return nil, "", err
		}
		request = append(request, kind...)
		body, err := message(client, &request)
		if err != nil {
			return nil, "", err
		}
		switch kind[0] {
		case 'P': // parse: name, statement
			_, body, _ = bytes.Cut(body, []byte{0})
			call = firstWords(body)
		case 'Q':
			return request, firstWords(body), nil
		case 'S', 'p', 'X': // sync, password, terminate
			return request, call, nil
		}
	}
}

// The rest of a message: its length, which counts itself, and its body.
func message(client io.Reader, whole *[]byte) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(client, head); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(head)) - len(head)
	if size < 0 || size > 1<<20 {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	body := make([]byte, size)
	_, err := io.ReadFull(client, body)
	*whole = append(append(*whole, head...), body...)
	return body, err
}

func firstWords(statement []byte) string {
	statement, _, _ = bytes.Cut(statement, []byte{0})
	words := strings.Fields(string(statement))
	return "postgres " + strings.Join(words[:min(2, len(words))], " ")
}
