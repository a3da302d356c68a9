package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

type cut struct {
	when string
	at   int
}

func parseCut(text string) (cut, error) {
	var when string
	var at int
	if text == "" {
		return cut{}, nil
	}
	if _, err := fmt.Sscanf(strings.Replace(text, ":", " ", 1), "%s %d", &when, &at); err != nil || at < 1 || (when != "before" && when != "after" && when != "stop") {
		return cut{}, fmt.Errorf("--cut %q: before:K, after:K or stop:K", text)
	}
	return cut{when, at}, nil
}

// The calls that count, of all servers in one row. They are carried out one after the other, so that none
// but the k-th is on its way when the operator dies.
type points struct {
	cut  cut
	log  *os.File
	kill func() // does not come back
	stop func()

	mutex sync.Mutex // held from before() until the operator has the answer
	count int
	last  string
}

// A question that repeats the last call is no other point: nothing changed between them. How often the
// operator asks while it waits for something is no two times the same.
func (p *points) repeats(call string, asks bool) bool {
	again := asks && call == p.last
	p.last = call
	return again
}

func (p *points) before(call string) {
	p.count++
	if p.count == p.cut.at && p.cut.when == "before" {
		p.note(call, "killed before")
		p.kill()
	}
}

func (p *points) after(call, result string) {
	hit := p.count == p.cut.at
	if hit && p.cut.when == "stop" {
		p.stop()
	}
	if hit && p.cut.when == "after" {
		p.note(call, result+", killed after")
		p.kill()
	}
	p.note(call, result)
}

func (p *points) note(call, result string) {
	fmt.Fprintf(p.log, "%d %s %s\n", p.count, call, result)
}

// An answer that is held back until it is known whether the operator may see it.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header         { return h.header }
func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(p []byte) (int, error) { return h.body.Write(p) }

// The request's body is here before anything is counted: a request cut short by the kill is none.
func wholeBody(r *http.Request) []byte {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

func (p *points) serve(call string, asks bool, upstream http.Handler, w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.repeats(call, asks) {
		upstream.ServeHTTP(w, r)
		return
	}
	p.before(call)
	answer := &held{header: http.Header{}, status: http.StatusOK}
	upstream.ServeHTTP(answer, r)
	p.after(call, fmt.Sprint(answer.status))
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes())
}
