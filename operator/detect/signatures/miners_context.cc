// What keeps an innocent innocent, and what a miner hides behind.
#include "detect/signatures/miners.h"

namespace firebreak::detect {
namespace {

constexpr std::string_view kText = "prints, searches or edits text (POSIX utilities)";
constexpr std::string_view kKills = "acts on processes by name (procps)";
constexpr std::string_view kFiles = "acts on files by name (coreutils, findutils)";
constexpr std::string_view kNetFilter = "filters or observes traffic by name or address";
constexpr std::string_view kScanner = "looks for bad programs: its own documentation";
constexpr std::string_view kKubernetes = "Kubernetes components documentation";

constexpr MinerSignature kTextTools[] = {
    {"echo", kText},
    {"printf", kText},
    {"cat", kText},
    {"grep", kText},
    {"egrep", kText},
    {"fgrep", kText},
    {"rg", kText},
    {"ag", kText},
    {"zgrep", kText},
    {"sed", kText},
    {"awk", kText},
    {"gawk", kText},
    {"jq", kText},
    {"yq", kText},
    {"tee", kText},
    {"head", kText},
    {"tail", kText},
    {"sort", kText},
    {"cut", kText},
    {"tr", kText},
    {"diff", kText},
    {"test", kText},
    {"[", kText},
    {"[[", kText},
    {"case", kText},
    {"strings", kText},
    {"logger", kText},
    {":", kText},
    {"pgrep", kKills},
    {"pkill", kKills},
    {"killall", kKills},
    {"kill", kKills},
    {"ps", kKills},
    {"pidof", kKills},
    {"top", kKills},
    {"which", kKills},
    {"command", kKills},
    {"type", kKills},
    {"find", kFiles},
    {"locate", kFiles},
    {"ls", kFiles},
    {"rm", kFiles},
    {"stat", kFiles},
    {"file", kFiles},
    {"sha256sum", kFiles},
    {"md5sum", kFiles},
    {"iptables", kNetFilter},
    {"ip6tables", kNetFilter},
    {"nft", kNetFilter},
    {"ipset", kNetFilter},
    {"ufw", kNetFilter},
    {"tcpdump", kNetFilter},
    {"tshark", kNetFilter},
    {"dig", kNetFilter},
    {"nslookup", kNetFilter},
    {"host", kNetFilter},
    {"ping", kNetFilter},
    {"dnsmasq", kNetFilter},
    {"unbound", kNetFilter},
    {"coredns", kNetFilter},
    {"squid", kNetFilter},
    {"suricata", kScanner},
    {"snort", kScanner},
    {"zeek", kScanner},
    {"falco", kScanner},
    {"tetragon", kScanner},
    {"tracee", kScanner},
    {"clamscan", kScanner},
    {"clamdscan", kScanner},
    {"yara", kScanner},
    {"osqueryi", kScanner},
    {"osqueryd", kScanner},
    {"wazuh-agent", kScanner},
    {"trivy", kScanner},
    {"kubectl", kKubernetes},
    {"helm", kKubernetes},
};

constexpr MinerSignature kInfrastructure[] = {
    {"kube-proxy", kKubernetes},
    {"kube-controller", kKubernetes},
    {"kube-scheduler", kKubernetes},
    {"kube-apiserver", kKubernetes},
    {"kubelet", kKubernetes},
    {"coredns", kKubernetes},
    {"kube-dns", kKubernetes},
    {"etcd", kKubernetes},
    {"node-exporter", "prometheus-operator/kube-prometheus"},
    {"fluentd", "docs.fluentd.org"},
    {"fluent-bit", "docs.fluentbit.io"},
    {"calico-node", "docs.tigera.io"},
    {"aws-node", "amazon-vpc-cni-k8s"},
    {"api-proxy", "published reports on miners in DaemonSets"},
    {"proxy-api", "published reports on miners in DaemonSets"},
};

constexpr MinerSignature kRegistries[] = {
    {"registry.k8s.io/", kKubernetes}, {"k8s.gcr.io/", kKubernetes},
    {"gcr.io/", kKubernetes},          {"quay.io/", kKubernetes},
    {"ghcr.io/", kKubernetes},         {"mcr.microsoft.com/", "AKS images"},
    {"public.ecr.aws/", "EKS images"}, {"docker.io/calico/", "docs.tigera.io"},
    {"calico/", "docs.tigera.io"},     {"coredns/", "coredns.io"},
    {"prom/", "prometheus.io"},        {"fluent/", "docs.fluentbit.io"},
    {"rancher/", "docs.rke2.io"},      {"602401143452.dkr.ecr.", "EKS images"},
};

}  // namespace

std::span<const MinerSignature> textTools() { return kTextTools; }
std::span<const MinerSignature> infrastructureNames() { return kInfrastructure; }
std::span<const MinerSignature> trustedRegistries() { return kRegistries; }

}  // namespace firebreak::detect
