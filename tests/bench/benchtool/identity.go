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
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// A certificate for this run and the loopback address only; it is its own authority.
type identity struct {
	tls *tls.Config
	ca  []byte
}

func newIdentity() identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "simulated API server"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, &key.PublicKey, key)
	check(err)
	return identity{
		tls: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2", "http/1.1"}},
		ca:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}
}

func writeKubeconfig(path, address string, id identity) {
	// JSON is YAML, and ../run reads it too.
	text := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "simulated",
 "contexts": [{"name": "simulated", "context": {"cluster": "simulated", "user": "nobody"}}],
 "clusters": [{"name": "simulated", "cluster": {"server": %q, "certificate-authority-data": %q}}],
 "users": [{"name": "nobody", "user": {"token": "nobody-checks-this"}}]}
`, address, base64.StdEncoding.EncodeToString(id.ca))
	check(os.WriteFile(path+".new", []byte(text), 0o600))
	check(os.Rename(path+".new", path))
}
