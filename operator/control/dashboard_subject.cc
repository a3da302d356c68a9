// What a DashboardFamily asks and locks: a Service with the pods behind it, or pods that publish
// themselves; out of the caches, or as the API server holds it.
#include <set>

#include "api/projection.h"
#include "control/dashboard_family.h"
#include "detect/dashboards/address.h"
#include "detect/dashboards/host_publication.h"

namespace firebreak::control {
namespace {

constexpr const char* kBehind = "firebreak.dev/behind";

std::vector<Pod> copies(const std::vector<std::shared_ptr<const Pod>>& pods) {
  std::vector<Pod> all;
  for (const auto& pod : pods) all.push_back(*pod);
  return all;
}

}  // namespace

Result<Subject> DashboardFamily::subjectOf(const Service& service) {
  const ObjectMeta& meta = service.meta;
  Subject subject{{"v1", "Service", meta.ns, meta.name, meta.uid}, service, {}};
  if (!service.selector.empty()) {
    subject.pods = copies(world_.podsSelectedBy(meta.ns, service.selector));
  } else if (service.type != "ExternalName") {
    auto behind = endpointsBehind(service, &subject);
    if (!behind) return tl::unexpected(behind.error());
  }
  return subject;
}

// Of a Service without selector somebody writes the endpoints by hand. Where one of them is no pod or node
// of this cluster, nothing is asked through it: that would be asking somebody else.
Status DashboardFamily::endpointsBehind(const Service& service, Subject* subject) {
  auto slices = client_.list(kube::kEndpointSlices, service.meta.ns,
                             {"kubernetes.io/service-name=" + service.meta.name, ""});
  if (!slices) return tl::unexpected(slices.error());
  std::set<std::string> addresses;
  for (const Json& slice : member(*slices, "items")) {
    // FQDN slices name hosts, which are never looked up.
    const bool addressed = stringOr(member(slice, "addressType")) != "FQDN";
    for (const Json& endpoint : member(slice, "endpoints")) {
      for (const std::string& address : stringsOf(member(endpoint, "addresses"))) {
        addresses.insert(addressed ? detect::normalAddress(address).value_or(address) : address);
      }
    }
  }
  std::set<std::string> unknown = addresses;
  if (addresses.empty()) return {};
  for (const auto& node : world_.nodes.snapshot()) {
    for (const std::string& ip : node->internalIPs) unknown.erase(ip);
  }
  const auto addPodsOf = [&](const std::string& ns) {
    for (const auto& pod : world_.pods.inNamespace(ns)) {
      if (pod->podIP.empty() || !addresses.contains(pod->podIP)) continue;
      unknown.erase(pod->podIP);
      subject->pods.push_back(*pod);
    }
  };
  addPodsOf(service.meta.ns);
  for (const std::string& ns : world_.namespaces.keys()) {
    if (unknown.empty()) break;
    if (ns != service.meta.ns) addPodsOf(ns);
  }
  if (!unknown.empty()) {
    subject->pods.clear();
    return {};
  }
  // Seen as if it selected them, wherever they are.
  subject->service.selector = {{kBehind, service.meta.name}};
  for (Pod& pod : subject->pods) {
    pod.meta.ns = service.meta.ns;
    pod.meta.labels[kBehind] = service.meta.name;
  }
  subject->byEndpoints = true;
  return {};
}

Subject DashboardFamily::subjectOf(const Publisher& publisher, const SecurityPolicy* policy) const {
  Subject subject;
  subject.target = publisher.target;
  subject.pods = copies(publisher.pods);
  std::vector<Service> services;
  for (const auto& service : world_.services.inNamespace(publisher.target.ns)) {
    services.push_back(*service);
  }
  subject.service = detect::standInFor(publisher.target, publisher.selector, subject.pods, services,
                                       productsOf(policy));
  return subject;
}

Result<std::optional<Subject>> DashboardFamily::subjectAt(const ObjectRef& target,
                                                          const SecurityPolicy* policy) {
  std::optional<Subject> none;
  if (target.kind == "Service") {
    auto service = world_.services.get(target.ns + "/" + target.name);
    if (!service || service->meta.uid != target.uid) return none;
    auto subject = subjectOf(*service);
    if (!subject) return tl::unexpected(subject.error());
    return std::optional<Subject>(std::move(*subject));
  }
  auto publisher = publisherAt(client_, world_, target);
  if (!publisher) return tl::unexpected(publisher.error());
  if (!*publisher) return none;
  return std::optional<Subject>(subjectOf(**publisher, policy));
}

Result<std::optional<DashboardFamily::Live>> DashboardFamily::readLive(
    const Remediation& remediation, const SecurityPolicy* policy,
    const remediate::JournalKeys& keys) {
  const ObjectRef& target = remediation.target;
  std::optional<Live> none;
  if (target.kind != "Service") {
    auto publisher = publisherAt(client_, world_, target);
    if (!publisher) return tl::unexpected(publisher.error());
    if (!*publisher) return none;
    return std::optional<Live>({subjectOf(**publisher, policy), std::move((*publisher)->object)});
  }
  auto live = client_.get(kube::kServices, target.ns, target.name);
  if (!live && live.error().code == ErrorCode::kNotFound) return none;
  if (!live) return tl::unexpected(live.error());
  if (stringOr(member(*live, {"metadata", "uid"})) != target.uid) return none;
  Json before = remediate::rewind(*live, remediate::sealedImages(keys, remediation));
  auto service = projectService(dumpJson(before));
  if (!service) return tl::unexpected(service.error());
  auto subject = subjectOf(*service);
  if (!subject) return tl::unexpected(subject.error());
  return std::optional<Live>({std::move(*subject), std::move(before)});
}

}  // namespace firebreak::control
