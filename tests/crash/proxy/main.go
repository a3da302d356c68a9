// crash-proxy stands between the operator and the API server and starts the operator itself. It counts
// the operator's writes and kills it (SIGKILL) right before the k-th reaches the API server, or right
// after the API server carried it out and before the operator hears of it. Exit status 10 says that it
// was killed that way, 1 that it ended otherwise. With --conflicts it answers the first N changes of an
// object with 409 instead of passing them on.
//
//	crash-proxy --server URL --ca FILE --token-file FILE --dir DIR [--cut before:K|after:K] -- COMMAND...
//
// DIR/kubeconfig is written first; COMMAND finds it in $KUBECONFIG. DIR/writes gets a line per write:
// its number, method, path and status. Writes are passed on one after the other, so that none but the
// k-th is on its way when the operator dies. Leases and questions (SubjectAccessReview and its like) do
// not count.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const exitKilled = 10

type cut struct {
	after bool
	at    int
}

func parseCut(text string) (cut, error) {
	var when string
	var at int
	if text == "" {
		return cut{}, nil
	}
	if _, err := fmt.Sscanf(strings.Replace(text, ":", " ", 1), "%s %d", &when, &at); err != nil || at < 1 || (when != "before" && when != "after") {
		return cut{}, fmt.Errorf("--cut %q: before:K or after:K", text)
	}
	return cut{when == "after", at}, nil
}

// What leaves something behind in the API server.
func isWrite(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return false
	}
	for _, part := range []string{"/leases", "accessreviews", "selfsubject", "tokenreviews"} {
		if strings.Contains(r.URL.Path, part) {
			return false
		}
	}
	return r.URL.Query().Get("dryRun") == ""
}

type proxy struct {
	upstream  *httputil.ReverseProxy
	cut       cut
	conflicts int
	log       *os.File
	kill      func()

	mutex sync.Mutex
	count int
	dead  bool
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

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isWrite(r) {
		p.upstream.ServeHTTP(w, r)
		return
	}
	// The body is here before anything is counted: a request cut short by the kill is none.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.dead {
		panic(http.ErrAbortHandler)
	}
	p.count++
	answer := &held{header: http.Header{}, status: http.StatusOK}
	hit := p.count == p.cut.at
	if hit && !p.cut.after {
		p.note(r, "killed before")
		p.die()
	}
	if p.conflicts > 0 && (r.Method == http.MethodPatch || r.Method == http.MethodPut) {
		p.conflicts--
		answer.status = http.StatusConflict
		answer.header.Set("Content-Type", "application/json")
		answer.body.WriteString(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,"message":"the object has been modified; please apply your changes to the latest version and try again"}`)
	} else {
		p.upstream.ServeHTTP(answer, r)
	}
	if hit {
		p.note(r, fmt.Sprintf("%d, killed after", answer.status))
		p.die()
	}
	p.note(r, fmt.Sprint(answer.status))
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes())
}

func (p *proxy) note(r *http.Request, what string) {
	fmt.Fprintf(p.log, "%d %s %s %s\n", p.count, r.Method, r.URL.Path, what)
}

func (p *proxy) die() {
	p.dead = true
	p.kill()
	panic(http.ErrAbortHandler)
}

func certificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "crash-proxy"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func kubeconfig(address net.Addr, ca []byte, tokenFile string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://%s", certificate-authority-data: "%s"}}]
users: [{name: u, user: {tokenFile: "%s"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
`, address, base64.StdEncoding.EncodeToString(ca), tokenFile)
}

func run() (int, error) {
	server := flag.String("server", "", "the API server")
	caFile := flag.String("ca", "", "its certificate authority")
	tokenFile := flag.String("token-file", "", "the operator's token")
	dir := flag.String("dir", "", "where kubeconfig and writes go")
	cutText := flag.String("cut", "", "before:K or after:K")
	conflicts := flag.Int("conflicts", 0, "how many changes are answered with 409")
	flag.Parse()
	where, err := parseCut(*cutText)
	if err != nil {
		return 2, err
	}
	target, err := url.Parse(*server)
	if err != nil || target.Host == "" || *dir == "" || flag.NArg() == 0 {
		return 2, fmt.Errorf("--server, --ca, --token-file, --dir and a command are needed")
	}
	pool := x509.NewCertPool()
	if text, err := os.ReadFile(*caFile); err != nil || !pool.AppendCertsFromPEM(text) {
		return 2, fmt.Errorf("--ca %s holds no certificate", *caFile)
	}
	writes, err := os.OpenFile(filepath.Join(*dir, "writes"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 2, err
	}
	upstream := httputil.NewSingleHostReverseProxy(target)
	upstream.FlushInterval = -1
	upstream.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	upstream.ErrorLog = log.New(io.Discard, "", 0)

	own, ca, err := certificate()
	if err != nil {
		return 2, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 2, err
	}
	path := filepath.Join(*dir, "kubeconfig")
	if err := os.WriteFile(path, []byte(kubeconfig(listener.Addr(), ca, *tokenFile)), 0o600); err != nil {
		return 2, err
	}

	command := exec.Command(flag.Arg(0), flag.Args()[1:]...)
	command.Env = append(os.Environ(), "KUBECONFIG="+path)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	ended := make(chan struct{})
	killed := make(chan struct{})
	handler := &proxy{upstream: upstream, cut: where, conflicts: *conflicts, log: writes, kill: func() {
		_ = command.Process.Kill()
		<-ended
		close(killed)
	}}
	serving := &http.Server{Handler: handler, TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}},
		ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = serving.ServeTLS(listener, "", "") }()

	if err := command.Start(); err != nil {
		return 2, err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	stopped := false
	go func() { _ = command.Wait(); close(ended) }()
	for {
		select {
		case <-signals:
			stopped = true
			_ = command.Process.Signal(syscall.SIGTERM)
		case <-ended:
			select {
			case <-killed:
				return exitKilled, nil
			case <-time.After(200 * time.Millisecond):
			}
			if stopped && command.ProcessState.Success() {
				return 0, nil
			}
			return 1, fmt.Errorf("the operator ended: %s", command.ProcessState)
		}
	}
}

func main() {
	status, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash-proxy:", err)
	}
	os.Exit(status)
}
