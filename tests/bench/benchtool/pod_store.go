package main

import (
	"encoding/binary"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"firebreak.dev/tests/bench/pods"
)

const firstVersion = 1_000_000_000

// How one encoding frames objects in a watch.
type encoding struct {
	name    string // media type
	object  runtime.Encoder
	watched map[string]*pods.Encoded // by event type: a whole watch event with a blank pod
}

func (e *encoding) encode(object runtime.Object) []byte {
	bytes, err := runtime.Encode(e.object, object)
	check(err)
	return trimNewline(bytes)
}

func (e *encoding) event(kind string, object []byte) []byte {
	if e.name != protobuf {
		out := append(make([]byte, 0, len(object)+40), `{"type":"`...)
		out = append(append(out, kind...), `","object":`...)
		return append(append(out, object...), "}\n"...)
	}
	body, err := (&metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Raw: object}}).Marshal()
	check(err)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

const (
	protobuf = "application/vnd.kubernetes.protobuf"
	plain    = "application/json"
)

func newEncodings() map[string]*encoding {
	codecs := serializer.NewCodecFactory(clientgoscheme.Scheme)
	all := map[string]*encoding{}
	for _, name := range []string{plain, protobuf} {
		info, _ := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), name)
		e := &encoding{name: name, object: info.Serializer}
		e.watched = map[string]*pods.Encoded{}
		for _, kind := range []string{"ADDED", "MODIFIED"} {
			e.watched[kind] = pods.NewEncoded(func(pod *corev1.Pod) []byte { return e.event(kind, e.encode(pod)) })
		}
		all[name] = e
	}
	return all
}

// What of a pod was changed by somebody; all others are made when they are sent.
type change struct {
	labels map[string]string
}

// podStore holds a version per pod and what was changed. One event is an index; the pod is made when it is sent.
type podStore struct {
	replicas int
	mutex    sync.Mutex
	versions []int64
	changes  map[int]change
}

func newPodStore(count, replicas int) *podStore {
	s := &podStore{replicas: replicas, versions: make([]int64, count), changes: map[int]change{}}
	for i := range s.versions {
		s.versions[i] = firstVersion + int64(i)
	}
	return s
}

func (s *podStore) get(index int) (pods.Identity, change) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return pods.Of(index, s.replicas, s.versions[index]), s.changes[index]
}

func (s *podStore) pod(index int) *corev1.Pod {
	id, change := s.get(index)
	pod := pods.Running(id)
	for key, value := range change.labels {
		pod.Labels[key] = value
	}
	return pod
}

// The bytes of one watch event with that pod.
func (s *podStore) appendEvent(to []byte, e *encoding, kind string, index int) []byte {
	id, change := s.get(index)
	if len(change.labels) == 0 {
		return e.watched[kind].Append(to, &id)
	}
	return append(to, e.event(kind, e.encode(s.pod(index)))...)
}

func (s *podStore) set(index int, version int64, labels map[string]string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.versions[index] = version
	if len(labels) == 0 {
		return
	}
	merged := map[string]string{}
	for key, value := range s.changes[index].labels {
		merged[key] = value
	}
	for key, value := range labels {
		merged[key] = value
	}
	s.changes[index] = change{merged}
}
