package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

type cut struct {
	when string
	call string // "": any
	at   int
}

func parseCut(text string) (cut, error) {
	if text == "" {
		return cut{}, nil
	}
	when, point, _ := strings.Cut(text, ":")
	call, number, named := strings.Cut(point, "#")
	if !named {
		call, number = "", point
	}
	at, err := strconv.Atoi(number)
	if err != nil || at < 1 || (when != "before" && when != "after" && when != "stop") {
		return cut{}, fmt.Errorf("--cut %q: before, after or stop, and :K or :CALL#K", text)
	}
	return cut{when, call, at}, nil
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
	named int // those with the cut's name
	last  string
}

func (p *points) hit(call string) bool {
	if p.cut.call == "" {
		return p.count == p.cut.at
	}
	return call == p.cut.call && p.named == p.cut.at
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
	if call == p.cut.call {
		p.named++
	}
	if p.hit(call) && p.cut.when == "before" {
		p.note(call, "killed before")
		p.kill()
	}
}

func (p *points) after(call, result string) {
	hit := p.hit(call)
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
