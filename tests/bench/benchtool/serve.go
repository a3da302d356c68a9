package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"firebreak.dev/tests/bench/pods"
)

// The simulated API server: N pods that exist only while they are sent, a few other kinds, and a small store for whatever else a
// client writes. HTTP/2 over TLS; JSON and protobuf; list, watch, streaming list, get, create, replace, patch, delete.
type server struct {
	pods      *podStore
	resources []*resource
	encodings map[string]*encoding
	version   atomic.Int64

	mutex  sync.Mutex
	stored map[string]map[string]any // by path
}

func groupVersionKind(apiVersion, kind string) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(apiVersion, kind)
}

type target struct {
	*resource
	collection, namespace, name, sub string
}

func (s *server) parse(path string) *target {
	part := strings.Split(strings.Trim(path, "/"), "/")
	group, at := "", 1
	if part[0] == "apis" && len(part) > 1 {
		group, at = part[1], 2
	}
	if len(part) < at+2 {
		return nil
	}
	version, rest := part[at], part[at+1:]
	out := &target{}
	if rest[0] == "namespaces" && len(rest) > 2 {
		out.namespace, rest = rest[1], rest[2:]
	}
	for _, r := range s.resources {
		if r.group == group && r.version == version && r.plural == rest[0] {
			out.resource = r
		}
	}
	if out.resource == nil {
		return nil
	}
	out.collection = "/" + strings.Join(part[:at+1], "/") + "/" + rest[0] + "/"
	if len(rest) > 1 {
		out.name = rest[1]
	}
	if len(rest) > 2 {
		out.sub = rest[2]
	}
	return out
}

func (t *target) key() string { return t.collection + t.namespace + "/" + t.name }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/readyz" || r.URL.Path == "/livez":
		io.WriteString(w, "ok")
		return
	case r.URL.Path == "/version":
		answer(w, 200, map[string]any{"major": "1", "minor": "35", "gitVersion": "v1.35.4"})
		return
	case s.discover(w, r.URL.Path):
		return
	}
	t := s.parse(r.URL.Path)
	switch {
	case t == nil:
		refuse(w, 404, "NotFound", r.URL.Path)
	case t.name == "" && r.Method == http.MethodGet && r.URL.Query().Get("watch") != "":
		s.watch(w, r, t)
	case t.name == "" && r.Method == http.MethodGet:
		s.list(w, r, t)
	case t.plural == "pods":
		s.onePod(w, r, t)
	default:
		s.oneObject(w, r, t)
	}
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", plain)
	w.WriteHeader(code)
	check(json.NewEncoder(w).Encode(body))
}

func refuse(w http.ResponseWriter, code int, reason, message string) {
	answer(w, code, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message})
}

func (s *server) discover(w http.ResponseWriter, path string) bool {
	byGroup := map[string][]any{}
	for _, r := range s.resources {
		byGroup[r.groupVersion()] = append(byGroup[r.groupVersion()], map[string]any{"name": r.plural, "kind": r.kind, "namespaced": r.namespaced,
			"verbs": []string{"get", "list", "watch", "create", "update", "patch", "delete"}})
	}
	switch parts := strings.Split(strings.Trim(path, "/"), "/"); {
	case path == "/api":
		answer(w, 200, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
	case path == "/apis":
		var groups []any
		for gv := range byGroup {
			if name, version, found := strings.Cut(gv, "/"); found {
				one := map[string]any{"groupVersion": gv, "version": version}
				groups = append(groups, map[string]any{"name": name, "versions": []any{one}, "preferredVersion": one})
			}
		}
		answer(w, 200, map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
	case parts[0] == "api" && len(parts) == 2, parts[0] == "apis" && len(parts) == 3:
		gv := strings.Join(parts[1:], "/")
		answer(w, 200, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": gv, "resources": byGroup[gv]})
	default:
		return false
	}
	return true
}

func (s *server) accepted(r *http.Request) *encoding {
	if strings.Contains(r.Header.Get("Accept"), protobuf) {
		return s.encodings[protobuf]
	}
	return s.encodings[plain]
}

func (s *server) storedUnder(t *target) [][]byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var all [][]byte
	for key, object := range s.stored {
		if strings.HasPrefix(key, t.collection+t.namespace) {
			text, err := json.Marshal(object)
			check(err)
			all = append(all, text)
		}
	}
	return all
}

// The JSON list, as curl reads it.
func (s *server) list(w http.ResponseWriter, _ *http.Request, t *target) {
	w.Header().Set("Content-Type", plain)
	e := s.encodings[plain]
	fmt.Fprintf(w, `{"kind":"%sList","apiVersion":%q,"metadata":{"resourceVersion":"%d"},"items":[`, t.kind, t.groupVersion(), s.version.Load())
	separator := ""
	item := func(text []byte) {
		io.WriteString(w, separator)
		w.Write(text)
		separator = ","
	}
	if t.plural == "pods" {
		var line []byte
		for i := range s.pods.versions {
			line = s.pods.appendEvent(line[:0], e, "ADDED", i)
			item(line[len(`{"type":"ADDED","object":`) : len(line)-len("}\n")])
		}
	}
	for _, o := range t.fixed {
		item(e.encode(o))
	}
	for _, text := range s.storedUnder(t) {
		item(text)
	}
	io.WriteString(w, "]}\n")
}

func (s *server) watch(w http.ResponseWriter, r *http.Request, t *target) {
	query := r.URL.Query()
	e := s.accepted(r)
	if t.empty == nil {
		e = s.encodings[plain]
	}
	if e.name == protobuf {
		w.Header().Set("Content-Type", protobuf+";stream=watch")
	} else {
		w.Header().Set("Content-Type", plain)
	}
	initial := query.Get("sendInitialEvents") == "true"
	from, _ := strconv.ParseInt(query.Get("resourceVersion"), 10, 64)
	s.mutex.Lock() // between a version and its event
	if initial {
		from = s.version.Load()
	}
	events := t.events.subscribe(from)
	s.mutex.Unlock()
	defer t.events.unsubscribe(events)
	marked := query.Get("labelSelector") != ""
	flusher := w.(http.Flusher)
	w.WriteHeader(200)
	flusher.Flush()
	if initial {
		s.sendInitial(w, e, t, marked)
		w.Write(e.event("BOOKMARK", s.bookmark(e, t, from, true)))
		flusher.Flush()
	}
	seconds, _ := strconv.Atoi(query.Get("timeoutSeconds"))
	if seconds == 0 {
		seconds = 1800
	}
	end := time.After(time.Duration(seconds) * time.Second)
	bookmarks := time.NewTicker(time.Minute)
	defer bookmarks.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-end:
			return
		case <-bookmarks.C:
			w.Write(e.event("BOOKMARK", s.bookmark(e, t, s.version.Load(), false)))
		case event := <-events:
			if t.plural != "pods" {
				w.Write(s.encodings[plain].event(event.kind, event.object))
			} else if _, change := s.pods.get(event.index); !marked || change.labels != nil {
				w.Write(s.pods.appendEvent(nil, e, event.kind, event.index))
			}
		}
		if len(events) == 0 {
			flusher.Flush()
		}
	}
}

func (s *server) sendInitial(w io.Writer, e *encoding, t *target, marked bool) {
	var buffer []byte
	if t.plural == "pods" && !marked {
		for i := range s.pods.versions {
			buffer = s.pods.appendEvent(buffer[:0], e, "ADDED", i)
			if _, err := w.Write(buffer); err != nil {
				return
			}
		}
	}
	for _, o := range t.fixed {
		w.Write(e.event("ADDED", e.encode(o)))
	}
	for _, text := range s.storedUnder(t) {
		w.Write(e.event("ADDED", text))
	}
}

func (s *server) bookmark(e *encoding, t *target, version int64, ends bool) []byte {
	var annotations map[string]string
	if ends {
		annotations = map[string]string{"k8s.io/initial-events-end": "true"}
	}
	if t.empty != nil {
		o := t.empty().(object)
		o.SetUID("")
		o.SetCreationTimestamp(metav1.Time{})
		o.SetResourceVersion(fmt.Sprint(version))
		o.SetAnnotations(annotations)
		return e.encode(o.(runtime.Object))
	}
	text, err := json.Marshal(map[string]any{"kind": t.kind, "apiVersion": t.groupVersion(), "metadata": map[string]any{
		"resourceVersion": fmt.Sprint(version), "annotations": annotations}})
	check(err)
	return text
}

// app-000012-7d9c5b6f8d-000123 is pod 123.
func (s *server) podIndex(t *target) int {
	index, err := strconv.Atoi(t.name[strings.LastIndex(t.name, "-")+1:])
	if err != nil || index < 0 || index >= len(s.pods.versions) || pods.Of(index, s.pods.replicas, 0).Name != t.name {
		return -1
	}
	return index
}

func (s *server) onePod(w http.ResponseWriter, r *http.Request, t *target) {
	index := -1
	if t.name != "" {
		index = s.podIndex(t)
	}
	if index < 0 {
		refuse(w, 404, "NotFound", "pods "+t.name+" not found")
		return
	}
	switch r.Method {
	case http.MethodGet:
	case http.MethodPatch: // labels of a merge patch; anything else only moves the version
		var patch struct {
			Metadata struct {
				Labels map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&patch); err != nil {
			refuse(w, 400, "BadRequest", err.Error())
			return
		}
		s.mutex.Lock() // watchers see versions in their order
		version := s.version.Add(1)
		s.pods.set(index, version, patch.Metadata.Labels)
		t.events.publish(event{version: version, kind: "MODIFIED", index: index})
		s.mutex.Unlock()
	default:
		refuse(w, 405, "MethodNotAllowed", r.Method)
		return
	}
	e := s.accepted(r)
	w.Header().Set("Content-Type", e.name)
	w.Write(e.encode(s.pods.pod(index)))
}

func (s *server) oneObject(w http.ResponseWriter, r *http.Request, t *target) {
	body, err := io.ReadAll(r.Body)
	check(err)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if t.name == "" { // POST
		var named struct{ Metadata struct{ Name string } }
		check(json.Unmarshal(body, &named))
		t.name = named.Metadata.Name
	}
	old, known := s.stored[t.key()]
	next, kind := map[string]any{}, "MODIFIED"
	switch r.Method {
	case http.MethodPost:
		if known {
			refuse(w, 409, "AlreadyExists", t.name)
			return
		}
		check(json.Unmarshal(body, &next))
		kind = "ADDED"
	case http.MethodPatch:
		if !known && !strings.Contains(r.Header.Get("Content-Type"), "apply-patch") {
			refuse(w, 404, "NotFound", t.name)
			return
		}
		next = patched(old, body, r.Header.Get("Content-Type"))
	case http.MethodPut:
		check(json.Unmarshal(body, &next))
	default:
		if !known {
			refuse(w, 404, "NotFound", t.name)
			return
		}
		if r.Method == http.MethodGet {
			answer(w, 200, old)
			return
		}
		next, kind = old, "DELETED"
	}
	version := s.version.Add(1)
	meta, _ := next["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		next["metadata"] = meta
	}
	meta["resourceVersion"] = fmt.Sprint(version)
	if meta["uid"] == nil {
		meta["uid"] = fmt.Sprintf("00000000-0000-4000-9000-%012d", version%1_000_000_000_000)
		meta["creationTimestamp"] = time.Now().UTC().Format(time.RFC3339)
	}
	if strings.HasSuffix(t.plural, "reviews") {
		next["status"] = map[string]any{"allowed": true}
		answer(w, 201, next)
		return
	}
	s.stored[t.key()] = next
	if kind == "DELETED" {
		delete(s.stored, t.key())
	}
	text, err := json.Marshal(next)
	check(err)
	t.events.publish(event{version: version, kind: kind, object: text})
	code := 200
	if kind == "ADDED" {
		code = 201
	}
	answer(w, code, next)
}

func patched(old map[string]any, patch []byte, contentType string) map[string]any {
	before, err := json.Marshal(old)
	check(err)
	if old == nil {
		before = []byte("{}")
	}
	after := before
	if strings.Contains(contentType, "json-patch") {
		operations, err := jsonpatch.DecodePatch(patch)
		check(err)
		if changed, err := operations.Apply(before); err == nil {
			after = changed
		}
	} else {
		after, err = jsonpatch.MergePatch(before, patch)
		check(err)
	}
	next := map[string]any{}
	check(json.Unmarshal(after, &next))
	return next
}

func serve(arguments []string) {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	count := flags.Int("pods", 10000, "number of pods")
	replicas := flags.Int("replicas", 10, "pods of one owner, which share their spec")
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig to write")
	flags.Parse(arguments)

	s := &server{pods: newPodStore(*count, *replicas), resources: newResources(*count, *replicas), encodings: newEncodings(),
		stored: map[string]map[string]any{}}
	s.version.Store(firstVersion + int64(*count))
	s.stored["/apis/firebreak.dev/v1alpha1/securitypolicies//default"] = map[string]any{
		"apiVersion": "firebreak.dev/v1alpha1", "kind": "SecurityPolicy", "spec": map[string]any{"mode": "Audit"},
		"metadata": map[string]any{"name": "default", "uid": "00000000-0000-4000-8000-000000000002", "generation": 1,
			"resourceVersion": fmt.Sprint(firstVersion), "creationTimestamp": "2026-11-01T08:00:00Z"}}
	config := newIdentity()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	writeKubeconfig(*kubeconfig, "https://"+listener.Addr().String(), config)
	fmt.Printf("serving %d pods of %d bytes (JSON) or %d (protobuf)\n", *count, s.encodings[plain].watched["ADDED"].Size(),
		s.encodings[protobuf].watched["ADDED"].Size())
	check((&http.Server{Handler: s, TLSConfig: config.tls}).ServeTLS(listener, "", ""))
}
