// crash-proxy stands between the operator and the servers that it calls, and starts the operator itself. It
// counts the operator's writes to the API server and every call to AWS and PostgreSQL, and kills it (SIGKILL)
// right before the k-th reaches the server, or right after the server carried it out and before the operator
// hears of it; with a name, the k-th of that name. Exit status 10 says that it was killed that way, 1 that it
// ended otherwise. With stop:K the operator is only stopped (SIGSTOP) while the k-th is carried out; SIGUSR1 lets
// it go on (SIGCONT). With --conflicts the first N changes of an object are answered with 409 instead of being
// passed on.
//
//	crash-proxy --server URL --ca FILE --token-file FILE --dir DIR [--cut before|after|stop:[CALL#]K]
//	            [--aws FD=URL] [--postgres FD=HOST:PORT] -- COMMAND...
//
// DIR/kubeconfig is written first; COMMAND finds it in $KUBECONFIG. DIR/calls gets a line per call: its
// number, what it was and what came of it. Leases and questions (SubjectAccessReview and its like) do not
// count.
package main

import (
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
	"syscall"
	"time"
)

const exitKilled = 10

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

// The API server, as the operator finds it.
type proxy struct {
	*points
	upstream  http.Handler
	conflicts int
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isWrite(r) {
		p.upstream.ServeHTTP(w, r)
		return
	}
	wholeBody(r)
	p.serve(r.Method+" "+r.URL.Path, false, http.HandlerFunc(p.write), w, r)
}

func (p *proxy) write(w http.ResponseWriter, r *http.Request) {
	if p.conflicts == 0 || (r.Method != http.MethodPatch && r.Method != http.MethodPut) {
		p.upstream.ServeHTTP(w, r)
		return
	}
	p.conflicts--
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusConflict)
	_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,"message":"the object has been modified; please apply your changes to the latest version and try again"}`)
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
	dir := flag.String("dir", "", "where kubeconfig and calls go")
	cutText := flag.String("cut", "", "before, after or stop, and :K or :CALL#K")
	conflicts := flag.Int("conflicts", 0, "how many changes are answered with 409")
	aws := flag.String("aws", "", "FD=URL: calls to AWS count too")
	postgres := flag.String("postgres", "", "FD=HOST:PORT: so do those to PostgreSQL")
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
	file, err := os.OpenFile(filepath.Join(*dir, "calls"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
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
	calls := &points{cut: where, log: file, kill: func() {
		_ = command.Process.Kill()
		<-ended
		close(killed)
		select {}
	}, stop: func() { _ = command.Process.Signal(syscall.SIGSTOP) }}
	handler := &proxy{points: calls, upstream: upstream, conflicts: *conflicts}
	serving := &http.Server{Handler: handler, TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}},
		ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = serving.ServeTLS(listener, "", "") }()

	for _, each := range []struct {
		text string
		open func(string) error
	}{{*aws, calls.aws}, {*postgres, calls.postgres}} {
		if each.text == "" {
			continue
		}
		if err := each.open(each.text); err != nil {
			return 2, err
		}
	}

	if err := command.Start(); err != nil {
		return 2, err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1)
	stopped := false
	go func() { _ = command.Wait(); close(ended) }()
	for {
		select {
		case each := <-signals:
			if each == syscall.SIGUSR1 {
				_ = command.Process.Signal(syscall.SIGCONT)
				continue
			}
			stopped = true
			_ = command.Process.Signal(syscall.SIGCONT)
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
