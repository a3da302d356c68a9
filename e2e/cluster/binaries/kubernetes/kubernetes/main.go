// One binary with every Kubernetes component that a test node needs: control plane, kubelet,
// kube-proxy, kubectl and etcd. They share nine tenths of their code, so one link step instead of
// seven saves minutes of build time and half a gigabyte of cache.
//
// The component is the name of the program (a symbolic link, as for kubectl) or, when that is not a
// component, the first argument.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	_ "time/tzdata" // CronJob time zones, as in the upstream mains.

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// daemon runs one of the upstream commands until it ends.
func daemon(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

var components = map[string]func(){
	"etcd":                    func() { etcdmain.Main(os.Args) },
	"kube-apiserver":          func() { daemon(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() { daemon(controllermanager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() { daemon(scheduler.NewSchedulerCommand()) },
	"kube-proxy":              func() { daemon(proxy.NewProxyCommand()) },
	"kubelet":                 func() { daemon(kubelet.NewKubeletCommand(context.Background())) },
	"kubectl":                 kubectl,
}

func kubectl() {
	// As upstream: the verbosity has to be set before the command is made.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}

func main() {
	if run, ok := components[filepath.Base(os.Args[0])]; ok {
		run()
		return
	}
	if len(os.Args) > 1 {
		if run, ok := components[os.Args[1]]; ok {
			os.Args = os.Args[1:]
			run()
			return
		}
	}
	names := make([]string, 0, len(components))
	for name := range components {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "usage: %s COMPONENT [ARGUMENTS]\ncomponents: %s\n", os.Args[0],
		strings.Join(names, " "))
	os.Exit(2)
}
