#include "control/dashboard_family.h"

#include <algorithm>

#include "api/projection.h"
#include "base/json.h"
#include "control/root_controller.h"
#include "detect/dashboards/address.h"
#include "detect/dashboards/console_shut.h"
#include "detect/dashboards/ingress_controllers.h"
#include "detect/dashboards/policy_products.h"
#include "detect/signatures/dashboards.h"
#include "remediate/plan/dashboards.h"

namespace firebreak::control {
namespace {

using detect::ProbeAnswer;
using remediate::ProofView;

constexpr int kKubeletPort = 10250;

std::vector<Pod> copies(const std::vector<std::shared_ptr<const Pod>>& pods) {
  std::vector<Pod> all;
  for (const auto& pod : pods) all.push_back(*pod);
  return all;
}

}  // namespace

DashboardFamily::DashboardFamily(kube::Client& client, World& world, Prober& prober, Clock& clock)
    : client_(client), world_(world), prober_(prober), clock_(clock) {}

ConsoleQuestion DashboardFamily::questionFor(const Service& service,
                                             const SecurityPolicy* policy) const {
  ConsoleQuestion question;
  question.service = service;
  question.pods = copies(world_.podsSelectedBy(service.meta.ns, service.selector));
  for (const auto& node : world_.nodes.snapshot()) question.nodes.push_back(*node);
  for (const auto* kind : {&world_.ingresses, &world_.routes}) {
    for (const auto& ingress : kind->inNamespace(service.meta.ns)) {
      question.ingresses.push_back(*ingress);
    }
  }
  const bool routed = std::any_of(
      question.ingresses.begin(), question.ingresses.end(), [&](const Ingress& ingress) {
        return std::any_of(ingress.paths.begin(), ingress.paths.end(), [&](const IngressPath& path) {
          return path.service == service.meta.name;
        });
      });
  if (routed) question.doors = doors();
  question.products = &productsOf(policy);
  if (policy != nullptr) {
    question.timeout = std::chrono::seconds(policy->dashboards.probeTimeoutSeconds);
  }
  return question;
}

std::vector<detect::IngressDoor> DashboardFamily::doors() const {
  constexpr std::chrono::seconds kFresh{30};
  std::lock_guard lock(doorsMutex_);
  if (doorsAt_ && clock_.mono() - *doorsAt_ < kFresh) return doors_;
  std::vector<Service> services;
  for (const auto& service : world_.services.snapshot()) services.push_back(*service);
  // A namespace at a time: all pods of a large cluster at once are hundreds of megabytes.
  std::vector<Pod> controllers;
  for (const std::string& ns : world_.namespaces.keys()) {
    for (const auto& pod : world_.pods.inNamespace(ns)) {
      if (detect::isIngressController(*pod)) controllers.push_back(*pod);
    }
  }
  doors_ = detect::ingressDoors(services, controllers);
  doorsAt_ = clock_.mono();
  return doors_;
}

const std::vector<detect::Product>& DashboardFamily::productsOf(
    const SecurityPolicy* policy) const {
  const auto& builtIn = detect::dashboardProducts();
  if (policy == nullptr || policy->dashboards.products.empty()) return builtIn;
  std::lock_guard lock(mutex_);
  auto [known, fresh] = products_.try_emplace(dumpJson(policy->dashboards.products));
  if (fresh) {
    // The policy's own go first: whoever describes a console knows it better.
    known->second = detect::policyProducts(policy->dashboards.products);
    known->second.insert(known->second.end(), builtIn.begin(), builtIn.end());
  }
  return known->second;
}

Result<Json> DashboardFamily::rootController(const Service& service) const {
  for (const auto& pod : world_.podsSelectedBy(service.meta.ns, service.selector)) {
    if (pod->meta.controller.kind.empty()) continue;
    return rootControllerOf(client_, service.meta.ns, pod->meta.controller);
  }
  return Json();
}

ConsoleLook DashboardFamily::look(const Service& service, const SecurityPolicy& policy) {
  ConsoleQuestion question = questionFor(service, &policy);
  detect::DashboardObservation observation;
  observation.service = service;
  observation.pods = question.pods;
  observation.minReach =
      policy.dashboards.clusterReach ? detect::Reach::kCluster : detect::Reach::kPublished;
  observation.paths = probeConsole(prober_, question);
  ConsoleLook result;
  result.candidate = !observation.paths.empty();
  result.silent = std::any_of(
      observation.paths.begin(), observation.paths.end(),
      [](const detect::ProbedPath& path) { return path.verdict == detect::Verdict::kUnknown; });
  result.findings = detect::detectDashboards(observation);
  result.console = detect::openConsoleOf(observation);
  std::lock_guard lock(mutex_);
  constexpr size_t kMostRemembered = 1024;
  if (recent_.size() >= kMostRemembered) recent_.clear();
  recent_[service.meta.uid] = {service.meta.resourceVersion, clock_.mono(), result};
  return result;
}

ConsoleLook DashboardFamily::recentLook(const Service& service, const SecurityPolicy& policy) {
  constexpr std::chrono::seconds kRecent{5};
  {
    std::lock_guard lock(mutex_);
    auto known = recent_.find(service.meta.uid);
    if (known != recent_.end() && known->second.version == service.meta.resourceVersion &&
        clock_.mono() - known->second.at < kRecent) {
      return known->second.look;
    }
  }
  return look(service, policy);
}

Status DashboardFamily::readForPlan(const Remediation& remediation,
                                    const remediate::JournalKeys& keys,
                                    const detect::OpenConsole& console, const Service& service,
                                    const Json& serviceJson, const SecurityPolicy* policy,
                                    Plan* plan) {
  DashboardTarget target;
  target.remediation = remediation.name;
  target.service = service;
  target.serviceJson = serviceJson;
  target.servicePorts = console.servicePorts;
  target.pods = copies(world_.podsSelectedBy(service.meta.ns, service.selector));
  auto images = remediate::sealedImages(keys, remediation);
  auto policies = client_.list(kube::kNetworkPolicies, service.meta.ns);
  if (!policies) return tl::unexpected(policies.error());
  for (const Json& item : member(*policies, "items")) target.networkPolicies.push_back(item);
  auto ingresses = client_.list(kube::kIngresses, service.meta.ns);
  if (!ingresses) return tl::unexpected(ingresses.error());
  for (const Json& item : member(*ingresses, "items")) {
    target.ingresses.push_back(remediate::rewind(item, images));
  }
  if (policy != nullptr && policy->dashboards.actions.contains("ScaleToZero")) {
    auto controller = rootController(service);
    if (!controller) return tl::unexpected(controller.error());
    target.workloadJson = remediate::rewind(*controller, images);
  }
  if (policy != nullptr) {
    target.actions = policy->dashboards.actions;
    target.allowFrom = policy->dashboards.allowFrom;
  }
  *plan = planDashboards(target);
  return {};
}

Result<Assessment> DashboardFamily::assess(const Remediation& remediation,
                                           const SecurityPolicy* policy,
                                           const remediate::JournalKeys& keys) {
  Assessment assessment;
  const ObjectRef& target = remediation.target;
  auto live = client_.get(kube::kServices, target.ns, target.name);
  if (!live && live.error().code != ErrorCode::kNotFound) return tl::unexpected(live.error());
  if (!live || stringOr(member(*live, {"metadata", "uid"})) != target.uid) {
    assessment.targetGone = true;
    return assessment;
  }
  Json before = remediate::rewind(*live, remediate::sealedImages(keys, remediation));
  auto service = projectService(dumpJson(before));
  if (!service) return tl::unexpected(service.error());
  for (const auto& pod : world_.podsSelectedBy(target.ns, service->selector)) {
    assessment.targetLabels = pod->meta.labels;  // excludes select by the pods' labels
  }
  detect::OpenConsole console;
  if (remediate::hasStarted(remediation.status)) {
    assessment.findings = remediation.status.findings;
    console = consoleFromJson(remediate::sealedContext(keys, remediation), productsOf(policy));
  } else if (policy != nullptr) {
    ConsoleLook seen = recentLook(*service, *policy);
    if (highestTier(seen.findings) == Tier::kRemediate) assessment.findings = seen.findings;
    console = seen.console;
    // Silence is no proof that a console went away; what was found stays until it answers otherwise.
    if (seen.silent && assessment.findings.empty() && !remediation.status.findings.empty()) {
      return fail(ErrorCode::kUnavailable, describe(target) + " does not answer at the moment");
    }
  }
  assessment.context = toJson(console);
  if (assessment.findings.empty()) return assessment;
  auto planned = readForPlan(remediation, keys, console, *service, before, policy,
                             &assessment.plan);
  if (!planned) return tl::unexpected(planned.error());
  return assessment;
}

ProofView DashboardFamily::prove(const Remediation& remediation, const SecurityPolicy* policy,
                                 const remediate::JournalKeys& keys, const Step& step) {
  (void)step;
  using Verdict = ProofView::Verdict;
  detect::OpenConsole console = consoleFromJson(remediate::sealedContext(keys, remediation), productsOf(policy));
  auto service = world_.services.get(remediation.target.ns + "/" + remediation.target.name);
  if (console.product == nullptr || console.openPaths.empty() || !service) {
    return {Verdict::kUnknown, "CannotAsk", "what stood open is not known any more"};
  }
  ConsoleQuestion question = questionFor(*service, policy);
  Prober::Addresses allowed = clusterAddresses(question);
  // The address that stood open was one of the cluster's when it was asked first.
  for (const detect::ProbedPath& path : console.openPaths) {
    if (auto normal = detect::normalAddress(path.endpoint.address)) allowed.insert(*normal);
  }
  auto again = reaskConsole(prober_, console.openPaths, allowed, question.timeout);
  // Something on the same nodes that no step touches: the kubelet's port.
  bool controlOk = false;
  for (const auto& node : world_.nodes.snapshot()) {
    if (controlOk || node->internalIPs.empty()) continue;
    controlOk = prober_.tcpConnect(node->internalIPs.front(), kKubeletPort, allowed,
                                   question.timeout)
                    .outcome == ProbeAnswer::Outcome::kAnswered;
  }
  auto pods = world_.podsSelectedBy(service->meta.ns, service->selector);
  bool podReady = std::any_of(pods.begin(), pods.end(), [](const auto& pod) { return pod->ready; });
  detect::ShutVerdict verdict = detect::consoleShut(again, controlOk, podReady);
  switch (verdict.verified) {
    case detect::Verified::kTrue:
      return {Verdict::kTrue, "ConsoleShut", verdict.reason};
    case detect::Verified::kFalse:
      return {Verdict::kFalse, "StillOpen", verdict.reason};
    case detect::Verified::kUnknown:
      break;
  }
  return {Verdict::kUnknown, "CannotTell", verdict.reason};
}

}  // namespace firebreak::control
