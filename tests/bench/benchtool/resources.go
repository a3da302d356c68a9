package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"firebreak.dev/tests/bench/pods"
)

type resource struct {
	group, version, plural, kind string
	namespaced                   bool
	fixed                        []runtime.Object // built-in kinds that nobody changes here
	empty                        func() runtime.Object
	events                       *hub
}

func (r *resource) groupVersion() string {
	if r.group == "" {
		return r.version
	}
	return r.group + "/" + r.version
}

type object interface {
	runtime.Object
	metav1.Object
}

func withMeta(o object, kind, apiVersion, namespace, name string) runtime.Object {
	o.SetNamespace(namespace)
	o.SetName(name)
	o.SetUID("00000000-0000-4000-8000-000000000001")
	o.SetResourceVersion(fmt.Sprint(firstVersion))
	o.SetCreationTimestamp(metav1.Unix(1_790_000_000, 0))
	o.GetObjectKind().SetGroupVersionKind(groupVersionKind(apiVersion, kind))
	return o
}

// The kinds that both subjects watch, and those that the operator reads and writes beside them. One Service for each owner of
// pods, one Ingress for every tenth of these, one node for 50 pods.
func newResources(podCount, replicas int) []*resource {
	owners := (podCount + replicas - 1) / replicas
	var services, ingresses, nodes, namespaces []runtime.Object
	for i := 0; i < owners; i++ {
		id := pods.Of(i*replicas, replicas, firstVersion)
		service := &corev1.Service{Spec: corev1.ServiceSpec{Type: "ClusterIP", ClusterIP: "10.96.0.10",
			Selector: map[string]string{"app.kubernetes.io/name": id.App}, Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: "TCP"}}}}
		services = append(services, withMeta(service, "Service", "v1", id.Namespace, id.App))
		if i%10 != 0 {
			continue
		}
		path := networkingv1.PathTypePrefix
		ingress := &networkingv1.Ingress{Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: id.App + ".example.org",
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &path, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
					Name: id.App, Port: networkingv1.ServiceBackendPort{Number: 80}}}}}}}}}}}
		ingresses = append(ingresses, withMeta(ingress, "Ingress", "networking.k8s.io/v1", id.Namespace, id.App))
	}
	for i := 0; i < podCount; i += 50 {
		node := &corev1.Node{Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: "InternalIP", Address: "10.77.1.2"}}}}
		for image := 0; image < 40; image++ { // a node lists its images: most of its 10 KB
			node.Status.Images = append(node.Status.Images, corev1.ContainerImage{SizeBytes: 12345678, Names: []string{
				fmt.Sprintf("registry.example.org/app-%06d/server@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", image),
				fmt.Sprintf("registry.example.org/app-%06d/server:1.24.3", image)}})
		}
		nodes = append(nodes, withMeta(node, "Node", "v1", "", pods.Of(i, replicas, 0).Node))
	}
	for i := 0; i < pods.Namespaces; i++ {
		namespaces = append(namespaces, withMeta(&corev1.Namespace{}, "Namespace", "v1", "", fmt.Sprintf("team-%03d", i)))
	}
	core := func(plural, kind string, namespaced bool, fixed []runtime.Object, empty func() object) *resource {
		return &resource{version: "v1", plural: plural, kind: kind, namespaced: namespaced, fixed: fixed, events: newHub(),
			empty: func() runtime.Object { return withMeta(empty(), kind, "v1", "", "") }}
	}
	all := []*resource{
		core("pods", "Pod", true, nil, func() object { return &corev1.Pod{} }),
		core("services", "Service", true, services, func() object { return &corev1.Service{} }),
		core("nodes", "Node", false, nodes, func() object { return &corev1.Node{} }),
		core("namespaces", "Namespace", false, namespaces, func() object { return &corev1.Namespace{} }),
		core("configmaps", "ConfigMap", true, nil, func() object { return &corev1.ConfigMap{} }),
		core("secrets", "Secret", true, nil, func() object { return &corev1.Secret{} }),
		{group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress", namespaced: true, fixed: ingresses, events: newHub(),
			empty: func() runtime.Object {
				return withMeta(&networkingv1.Ingress{}, "Ingress", "networking.k8s.io/v1", "", "")
			}},
	}
	for _, line := range []string{"networking.k8s.io/v1 networkpolicies NetworkPolicy ns", "coordination.k8s.io/v1 leases Lease ns",
		"events.k8s.io/v1 events Event ns", "authorization.k8s.io/v1 selfsubjectaccessreviews SelfSubjectAccessReview -",
		"firebreak.dev/v1alpha1 securitypolicies SecurityPolicy -", "firebreak.dev/v1alpha1 remediations Remediation -",
		"firebreak.dev/v1alpha1 nodeguards NodeGuard -"} {
		word := strings.Fields(line)
		group, version, _ := strings.Cut(word[0], "/")
		all = append(all, &resource{group: group, version: version, plural: word[1], kind: word[2], namespaced: word[3] == "ns", events: newHub()})
	}
	return all
}
