package pods

import (
	"bytes"

	corev1 "k8s.io/api/core/v1"
)

// Encoded is one encoded pod whose identity is overwritten for each that is sent: a pod costs a copy.
type Encoded struct {
	bytes []byte
	spots []spot
}

type spot struct {
	at    int
	width int
	part  func(*Identity) string
}

// No encoding changes these, and none is part of another.
var blank = Identity{
	Name: "app-QQQQQQ-7d9c5b6f8d-YYYYYY", Namespace: "team-ZZZ", UID: "5f0c1d2e-3b4a-4c5d-8e9f-UUUUUUUUUUUU", App: "app-QQQQQQ",
	Node: "worker-NNNNN", IP: "10.IJK.LMN.OPR", Version: "VVVVVVVVVV",
	ContainerIDs: [2]string{"a1" + string(bytes.Repeat([]byte("S"), 62)), "b2" + string(bytes.Repeat([]byte("T"), 62))},
}

func NewEncoded(encode func(*corev1.Pod) []byte) *Encoded {
	e := &Encoded{bytes: encode(Running(blank))}
	for _, part := range []func(*Identity) string{
		func(id *Identity) string { return id.Name },
		func(id *Identity) string { return id.App },
		func(id *Identity) string { return id.Namespace },
		func(id *Identity) string { return id.UID },
		func(id *Identity) string { return id.Node },
		func(id *Identity) string { return id.IP },
		func(id *Identity) string { return id.Version },
		func(id *Identity) string { return id.ContainerIDs[0] },
		func(id *Identity) string { return id.ContainerIDs[1] },
	} {
		token := []byte(part(&blank))
		for at := 0; ; {
			found := bytes.Index(e.bytes[at:], token)
			if found < 0 {
				break
			}
			e.spots = append(e.spots, spot{at + found, len(token), part})
			at += found + len(token)
		}
	}
	return e
}

func (e *Encoded) Append(to []byte, id *Identity) []byte {
	start := len(to)
	to = append(to, e.bytes...)
	for _, s := range e.spots {
		copy(to[start+s.at:start+s.at+s.width], s.part(id))
	}
	return to
}

func (e *Encoded) Size() int { return len(e.bytes) }
