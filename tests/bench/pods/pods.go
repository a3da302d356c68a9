// Package pods makes pods of about 10 KB, as `kubectl get -o json` shows them on a live cluster: managed fields of three
// writers, env, probes, projected volumes, a full status. Those of one owner share their spec.
package pods

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	MarkerLabel = "bench.firebreak.dev/marker"
	SeenLabel   = "bench.firebreak.dev/seen"
	Namespaces  = 50
	perNode     = 50
)

// Everything that tells one pod from another has a fixed width, so that an encoded pod can be overwritten in place.
type Identity struct {
	Name, Namespace, UID, App, Node, IP, Version string
	ContainerIDs                                 [2]string
}

func Of(index, replicas int, version int64) Identity {
	app := index / replicas
	return Identity{
		Name:         fmt.Sprintf("app-%06d-7d9c5b6f8d-%06d", app, index),
		Namespace:    fmt.Sprintf("team-%03d", app%Namespaces),
		UID:          fmt.Sprintf("5f0c1d2e-3b4a-4c5d-8e9f-%012d", index),
		App:          fmt.Sprintf("app-%06d", app),
		Node:         fmt.Sprintf("worker-%05d", index/perNode),
		IP:           fmt.Sprintf("10.%03d.%03d.%03d", 100+index/10000, 100+index/100%100, 100+index%100),
		Version:      fmt.Sprintf("%010d", version),
		ContainerIDs: [2]string{fmt.Sprintf("a1%062d", index), fmt.Sprintf("b2%062d", index)},
	}
}

const templateFields = `{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/component":{},` +
	`"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/name":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},` +
	`"k:{\"uid\":\"9a1b2c3d-0000-4000-8000-000000000000\"}":{}}},"f:spec":{"f:affinity":{".":{},"f:podAntiAffinity":{".":{},` +
	`"f:preferredDuringSchedulingIgnoredDuringExecution":{}}},"f:containers":{"k:{\"name\":\"server\"}":{".":{},"f:args":{},` +
	`"f:env":{".":{},"k:{\"name\":\"DATABASE_PASSWORD\"}":{".":{},"f:name":{},"f:valueFrom":{".":{},"f:secretKeyRef":{}}},` +
	`"k:{\"name\":\"SETTING_00\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"SETTING_01\"}":{".":{},"f:name":{},"f:value":{}},` +
	`"k:{\"name\":\"SETTING_02\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"SETTING_03\"}":{".":{},"f:name":{},"f:value":{}},` +
	`"k:{\"name\":\"SETTING_04\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"SETTING_05\"}":{".":{},"f:name":{},"f:value":{}}},` +
	`"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},` +
	`"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},` +
	`"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:readinessProbe":{".":{},` +
	`"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},` +
	`"f:timeoutSeconds":{}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},` +
	`"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},"f:volumeMounts":{".":{},"k:{\"mountPath\":\"/etc/config\"}":{".":{},` +
	`"f:mountPath":{},"f:name":{},"f:readOnly":{}}}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},` +
	`"f:securityContext":{},"f:serviceAccount":{},"f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},` +
	`"k:{\"name\":\"config\"}":{".":{},"f:configMap":{".":{},"f:defaultMode":{},"f:name":{}},"f:name":{}}}}}`

const statusFields = `{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},` +
	`"f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},` +
	`"k:{\"type\":\"PodReadyToStartContainers\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},` +
	`"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},` +
	`"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},"k:{\"ip\":\"10.0.0.1\"}":{".":{},"f:ip":{}}},"f:startTime":{}}}`

var created = metav1.NewTime(time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC))

func managed(manager, subresource, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1",
		Time: &created, FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}, Subresource: subresource}
}

func container(name string, id Identity) corev1.Container {
	c := corev1.Container{
		Name: name, Image: "registry.example.org/" + id.App + "/" + name + ":1.24.3", ImagePullPolicy: corev1.PullIfNotPresent,
		Args:  []string{"--listen=0.0.0.0:8080", "--config=/etc/config/" + name + ".yaml", "--log-format=json"},
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("512Mi")},
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("256Mi")}},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/config", ReadOnly: true}, {Name: "scratch", MountPath: "/tmp"},
			{Name: "kube-api-access-x7k2p", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}},
		TerminationMessagePath: "/dev/termination-log", TerminationMessagePolicy: corev1.TerminationMessageReadFile,
	}
	probe := corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http"),
		Scheme: corev1.URISchemeHTTP}}, PeriodSeconds: 10, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: 3}
	c.LivenessProbe, c.ReadinessProbe = &probe, &probe
	for i := 0; i < 6; i++ {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%02d", i), Value: fmt.Sprintf("%s.%s.svc.cluster.local:%d", id.App, name, 8000+i)})
	}
	c.Env = append(c.Env,
		corev1.EnvVar{Name: "DATABASE_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: id.App + "-database"}, Key: "password"}}},
		corev1.EnvVar{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"}}})
	return c
}

func volumes(id Identity) []corev1.Volume {
	mode, seconds := int32(420), int64(3607)
	return []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: id.App + "-config"}, DefaultMode: &mode}}},
		{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: "kube-api-access-x7k2p", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{DefaultMode: &mode,
			Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: &seconds, Path: "token"}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"},
					Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
				{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace",
					FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}}}}}},
	}
}

// Running is the pod as the simulated server shows it.
func Running(id Identity) *corev1.Pod {
	yes, grace, links := true, int64(30), true
	never, zero := corev1.PreemptLowerPriority, int32(0)
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}}
	pod.ObjectMeta = metav1.ObjectMeta{
		Name: id.Name, GenerateName: id.App + "-7d9c5b6f8d-", Namespace: id.Namespace, UID: types.UID(id.UID), ResourceVersion: id.Version,
		CreationTimestamp: created, Generation: 1,
		Labels: map[string]string{"app.kubernetes.io/name": id.App, "app.kubernetes.io/instance": id.App, "app.kubernetes.io/component": "server",
			"pod-template-hash": "7d9c5b6f8d"},
		Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "8080",
			"checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: id.App + "-7d9c5b6f8d",
			UID: "9a1b2c3d-0000-4000-8000-000000000000", Controller: &yes, BlockOwnerDeletion: &yes}},
		ManagedFields: []metav1.ManagedFieldsEntry{managed("kube-controller-manager", "", templateFields), managed("kubelet", "status", statusFields)},
	}
	pod.Spec = corev1.PodSpec{
		Containers: []corev1.Container{container("server", id), container("agent", id)}, Volumes: volumes(id), NodeName: id.Node,
		RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst, ServiceAccountName: id.App,
		DeprecatedServiceAccount: id.App, SecurityContext: &corev1.PodSecurityContext{}, SchedulerName: "default-scheduler",
		TerminationGracePeriodSeconds: &grace, EnableServiceLinks: &links, PreemptionPolicy: &never, Priority: &zero,
		Tolerations: []corev1.Toleration{
			{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &grace},
			{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &grace}},
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: id.IP, HostIP: "10.77.1.2", StartTime: &created, QOSClass: corev1.PodQOSBurstable,
		PodIPs: []corev1.PodIP{{IP: id.IP}}, HostIPs: []corev1.HostIP{{IP: "10.77.1.2"}}}
	for _, kind := range []corev1.PodConditionType{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: "True", LastTransitionTime: created})
	}
	for i, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Ready: true, Started: &yes, Image: c.Image, ContainerID: "containerd://" + id.ContainerIDs[i],
			ImageID: "registry.example.org/" + id.App + "/" + c.Name + "@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			State:   corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: created}}})
	}
	return pod
}

// Pending is the same pod for a real API server: no node takes it, and an annotation stands for the status and the managed
// fields that the server will not take from us.
func Pending(id Identity, pad string) *corev1.Pod {
	pod := Running(id)
	pod.UID, pod.ResourceVersion, pod.GenerateName, pod.CreationTimestamp = "", "", "", metav1.Time{}
	pod.ManagedFields, pod.OwnerReferences, pod.Generation = nil, nil, 0
	pod.Status = corev1.PodStatus{}
	pod.Spec.NodeName, pod.Spec.SchedulerName, pod.Spec.Priority, pod.Spec.PreemptionPolicy = "", "nobody", nil, nil
	pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = "default", ""
	pod.Spec.AutomountServiceAccountToken = new(bool)
	pod.Annotations["bench.firebreak.dev/pad"] = pad
	return pod
}
