package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"firebreak.dev/tests/bench/pods"
)

func connect(kubeconfig string) client.WithWatch {
	log.SetLogger(logr.Discard()) // warnings about what is in a pod
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	check(err)
	config.QPS, config.Burst = -1, -1
	config.UserAgent = "benchtool"
	api, err := client.NewWithWatch(config, client.Options{})
	check(err)
	return api
}

// load fills a real API server with pods that no scheduler takes.
func load(arguments []string) {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	count := flags.Int("pods", 1000, "")
	first := flags.Int("first", 0, "index of the first pod")
	replicas := flags.Int("replicas", 10, "")
	size := flags.Int("bytes", 10000, "of a pod as JSON, with the managed fields that the server adds")
	flags.Parse(arguments)
	api, ctx := connect(*kubeconfig), context.Background()
	for i := 0; i < pods.Namespaces; i++ {
		name := pods.Of(i*(*replicas), *replicas, 0).Namespace
		err := api.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			check(err)
		}
	}
	create := func(index int, pad string) *corev1.Pod {
		pod := pods.Pending(pods.Of(index, *replicas, 0), pad)
		err := api.Create(ctx, pod)
		for attempt := 0; err != nil && attempt < 20 && strings.Contains(err.Error(), "serviceaccount"); attempt++ {
			time.Sleep(500 * time.Millisecond) // the namespace is new
			err = api.Create(ctx, pod)
		}
		if apierrors.IsAlreadyExists(err) {
			return pod // an earlier run was cut off
		}
		check(err)
		return pod
	}
	text, err := json.Marshal(create(*first, ""))
	check(err)
	pad := strings.Repeat("x", max(0, *size-len(text)))
	var work sync.WaitGroup
	indexes := make(chan int)
	for worker := 0; worker < 8; worker++ {
		work.Go(func() {
			for index := range indexes {
				create(index, pad)
			}
		})
	}
	for i := 1; i < *count; i++ {
		indexes <- *first + i
	}
	close(indexes)
	work.Wait()
	fmt.Printf("loaded %d pods of %d bytes\n", *count, len(text)+len(pad))
}

func patch(ctx context.Context, api client.Client, id pods.Identity, field, key, value string) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name}}
	body := fmt.Sprintf(`{"metadata":{%q:{%q:%q}}}`, field, key, value)
	return api.Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(body)), client.FieldOwner("benchtool"))
}

// churn changes one pod after the other at a steady rate.
func churn(arguments []string) {
	flags := flag.NewFlagSet("churn", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	count := flags.Int("pods", 1000, "")
	replicas := flags.Int("replicas", 10, "")
	rate := flags.Float64("rate", 20, "changes per second")
	seconds := flags.Float64("seconds", 60, "")
	flags.Parse(arguments)
	api, ctx := connect(*kubeconfig), context.Background()
	tick := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	for i := 0; i < int(*rate**seconds); i++ {
		<-tick.C
		check(patch(ctx, api, pods.Of(i*7919%*count, *replicas, 0), "annotations", "bench.firebreak.dev/tick", fmt.Sprint(i)))
	}
	fmt.Printf("churned %d\n", int(*rate**seconds))
}

// mark puts a marker on one pod after the other and waits until the subject has answered it. Both are seen in the same watch, so
// that the way to here is in neither.
func mark(arguments []string) {
	flags := flag.NewFlagSet("mark", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	count := flags.Int("pods", 1000, "")
	replicas := flags.Int("replicas", 10, "")
	times := flags.Int("times", 200, "")
	pause := flags.Duration("pause", 20*time.Millisecond, "between two")
	run := flags.String("run", fmt.Sprint(time.Now().Unix()), "start of the markers, new for each run")
	flags.Parse(arguments)
	api, ctx := connect(*kubeconfig), context.Background()
	watch, err := api.Watch(ctx, &corev1.PodList{}, client.HasLabels{pods.MarkerLabel})
	check(err)
	var bare, floor, answered []float64
	since := func(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
	lost := 0
	for i := 0; i < *times; i++ {
		id := pods.Of((i*7919+1)%*count, *replicas, 0)
		marker := fmt.Sprintf("%s-%d", *run, i)
		start := time.Now()
		check(patch(ctx, api, id, "labels", pods.MarkerLabel, marker))
		bare = append(bare, since(start))
		timeout := time.After(5 * time.Second)
		var shown time.Time
		for waiting := true; waiting; {
			select {
			case event := <-watch.ResultChan():
				pod, ok := event.Object.(*corev1.Pod)
				if !ok || pod.Labels[pods.MarkerLabel] != marker {
					continue
				}
				if shown.IsZero() {
					shown = time.Now()
				}
				if pod.Labels[pods.SeenLabel] == marker {
					answered = append(answered, since(shown))
					waiting = false
				}
			case <-timeout:
				lost, waiting = lost+1, false
			}
		}
		time.Sleep(*pause)
		// The same serial read and write, made here while nothing else is asked for.
		start = time.Now()
		check(api.Get(ctx, client.ObjectKey{Namespace: id.Namespace, Name: id.Name}, &corev1.Pod{}))
		check(patch(ctx, api, id, "annotations", "bench.firebreak.dev/tick", marker))
		floor = append(floor, since(start))
		time.Sleep(*pause)
	}
	out, _ := json.Marshal(map[string]any{"lost": lost, "patch": spread(bare), "get+patch": spread(floor), "commit": spread(answered)})
	fmt.Println(string(out))
}

func spread(all []float64) map[string]any {
	if len(all) == 0 {
		return nil
	}
	sort.Float64s(all)
	at := func(q float64) float64 { return all[min(len(all)-1, int(q*float64(len(all))))] }
	return map[string]any{"n": len(all), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": all[len(all)-1]}
}
