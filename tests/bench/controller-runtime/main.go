// The same job as `watch_bench` and the operator's caches, as a controller-runtime program in its ordinary form: caches of
// nine kinds, and for each pod that shows a new marker one read and one write. Printed lines are read by ../run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	markerLabel = "bench.firebreak.dev/marker"
	seenLabel   = "bench.firebreak.dev/seen"
)

var started = time.Now()

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "controller-runtime:", err)
		os.Exit(1)
	}
}

// The kinds that Firebreak's operator keeps in step, operator/control/world.cc.
func watched() []client.Object {
	objects := []client.Object{&corev1.Pod{}, &corev1.Service{}, &networkingv1.Ingress{}, &corev1.Node{},
		&corev1.Namespace{}, &corev1.ConfigMap{}}
	for _, kind := range []string{"SecurityPolicy", "Remediation", "NodeGuard"} {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(schema.GroupVersionKind{Group: "firebreak.dev", Version: "v1alpha1", Kind: kind})
		objects = append(objects, object)
	}
	return objects
}

type podReconciler struct {
	client client.Client // reads from the cache
	live   client.Reader // reads from the API server
}

// One read and one write per detection. The read is from the API server, as Firebreak's is: a remediation must not act on an
// old replica's state.
func (r *podReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	cached := &corev1.Pod{}
	if err := r.client.Get(ctx, request.NamespacedName, cached); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	marker := cached.Labels[markerLabel]
	if marker == "" || cached.Labels[seenLabel] == marker {
		return ctrl.Result{}, nil
	}
	detected := time.Now()
	pod := &corev1.Pod{}
	if err := r.live.Get(ctx, request.NamespacedName, pod); err != nil {
		return ctrl.Result{}, err
	}
	patch := fmt.Sprintf(`{"metadata":{"uid":%q,"labels":{%q:%q}}}`, pod.UID, seenLabel, marker)
	if err := r.client.Patch(ctx, pod, client.RawPatch("application/merge-patch+json", []byte(patch)),
		client.FieldOwner("bench")); err != nil {
		return ctrl.Result{}, err
	}
	fmt.Printf("commit %s %.3f\n", marker, float64(time.Since(detected).Microseconds())/1000)
	return ctrl.Result{}, nil
}

func main() {
	strip := flag.Bool("strip", false, "strip managedFields before an object is cached")
	flag.Parse()
	log.SetLogger(zap.New(zap.UseDevMode(false), zap.WriteTo(os.Stderr)))

	config, err := ctrl.GetConfig() // -kubeconfig
	fatal(err)
	config.UserAgent = "controller-runtime-bench"
	scheme := runtime.NewScheme()
	fatal(clientgoscheme.AddToScheme(scheme))

	options := cache.Options{ByObject: map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}: {Field: fields.OneTermEqualSelector("metadata.name", "firebreak-brake"),
			Namespaces: map[string]cache.Config{"firebreak-system": {}}},
	}}
	if *strip {
		options.DefaultTransform = cache.TransformStripManagedFields()
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Cache: options, Metrics: metricsserver.Options{BindAddress: "0"},
		MapperProvider: apiutil.NewDynamicRESTMapper,
	})
	fatal(err)
	reconciler := &podReconciler{client: manager.GetClient(), live: manager.GetAPIReader()}
	fatal(ctrl.NewControllerManagedBy(manager).For(&corev1.Pod{}).Complete(reconciler))

	ctx := ctrl.SetupSignalHandler()
	for _, object := range watched() {
		_, err := manager.GetCache().GetInformer(ctx, object, cache.BlockUntilSynced(false))
		fatal(err)
	}
	go func() {
		if manager.GetCache().WaitForCacheSync(ctx) {
			fmt.Printf("synced %.3f\n", time.Since(started).Seconds())
		}
	}()
	fatal(manager.Start(ctx))
}
