#include "control/dashboard_family.h"

#include <algorithm>

#include "base/json.h"
#include "control/look_pace.h"
#include "detect/dashboards/address.h"
#include "detect/dashboards/console_shut.h"
#include "detect/dashboards/ingress_controllers.h"
#include "detect/dashboards/policy_products.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::control {
namespace {

using detect::ProbeAnswer;
using remediate::ProofView;

constexpr int kKubeletPort = 10250;

}  // namespace

DashboardFamily::DashboardFamily(kube::Client& client, World& world, Prober& prober, Clock& clock)
    : client_(client),
      world_(world),
      prober_(prober),
      clock_(clock),
      optional_(client, clock),
      reach_(client, clock) {}

ConsoleQuestion DashboardFamily::questionFor(const Subject& subject,
                                             const SecurityPolicy* policy) const {
  const Service& service = subject.service;
  ConsoleQuestion question;
  question.service = service;
  question.pods = subject.pods;
  for (const auto& node : world_.nodes.snapshot()) question.nodes.push_back(*node);
  for (const auto* kind : world_.routeKinds()) {
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

ConsoleLook DashboardFamily::look(const Subject& subject, const SecurityPolicy& policy) {
  detect::DashboardObservation observation;
  observation.service = subject.service;
  observation.target = subject.target;
  observation.pods = subject.pods;
  observation.minReach =
      policy.dashboards.clusterReach ? detect::Reach::kCluster : detect::Reach::kPublished;
  observation.paths = probeConsole(prober_, questionFor(subject, &policy));
  ConsoleLook result;
  result.candidate = !observation.paths.empty();
  bool unanswered = false;
  for (const detect::ProbedPath& path : observation.paths) {
    if (path.verdict != detect::Verdict::kUnknown) continue;
    result.silent = true;
    // A redirect says nothing either, and will say the same in a second.
    if (!path.redirected) unanswered = true;
  }
  result.findings = detect::detectDashboards(observation);
  result.console = detect::openConsoleOf(observation);
  std::lock_guard lock(mutex_);
  constexpr size_t kMostRemembered = 1024;
  const std::string& uid = subject.target.uid;
  if (recent_.size() >= kMostRemembered && !recent_.contains(uid)) recent_.clear();
  if (unanswered) result.silentLooks = recent_[uid].look.silentLooks + 1;
  recent_[uid] = {subject.service.meta.resourceVersion, clock_.mono(), result};
  return result;
}

ConsoleLook DashboardFamily::recentLook(const Subject& subject, const SecurityPolicy& policy) {
  constexpr std::chrono::seconds kRecent{5};
  {
    std::lock_guard lock(mutex_);
    auto known = recent_.find(subject.target.uid);
    if (known != recent_.end() &&
        known->second.version == subject.service.meta.resourceVersion &&
        clock_.mono() - known->second.at < kRecent) {
      return known->second.look;
    }
  }
  return look(subject, policy);
}

void DashboardFamily::askSoon(const std::string& remediation) {
  std::lock_guard lock(mutex_);
  asked_.erase(remediation);
}

// One that this process has never asked is due now: it may be long since another one did.
std::optional<WallTime> DashboardFamily::askAgainAt(const Remediation& remediation,
                                                    const SecurityPolicy* policy) {
  if (policy == nullptr || remediation.status.phase != Phase::kContained) return std::nullopt;
  std::lock_guard lock(mutex_);
  auto asked = asked_.find(remediation.name);
  if (asked == asked_.end()) return clock_.wall();
  return asked->second + untilNextLook(probeInterval(*policy), 0, remediation.uid);
}

Result<Assessment> DashboardFamily::assess(const Remediation& remediation,
                                           const SecurityPolicy* policy,
                                           const remediate::JournalKeys& keys) {
  Assessment assessment;
  auto live = readLive(remediation, policy, keys);
  if (!live) return tl::unexpected(live.error());
  if (!*live) {
    assessment.targetGone = true;
    return assessment;
  }
  const Subject& subject = (*live)->subject;
  for (const Pod& pod : subject.pods) {
    assessment.targetLabels = pod.meta.labels;  // excludes select by the pods' labels
  }
  detect::OpenConsole console;
  if (remediate::hasStarted(remediation.status)) {
    assessment.findings = remediation.status.findings;
    console = consoleFromJson(remediate::sealedContext(keys, remediation), productsOf(policy));
  } else if (policy != nullptr) {
    ConsoleLook seen = recentLook(subject, *policy);
    if (highestTier(seen.findings) == Tier::kRemediate) assessment.findings = seen.findings;
    console = seen.console;
    // Silence is no proof that a console went away; what was found stays until it answers otherwise.
    if (seen.silent && assessment.findings.empty() && !remediation.status.findings.empty()) {
      return fail(ErrorCode::kUnavailable,
                  describe(remediation.target) + " does not answer at the moment");
    }
  }
  if (!remediate::hasStarted(remediation.status) && !assessment.findings.empty()) {
    auto reach = reach_.findingFor(subject.target, subject.pods, world_.namespaces.keys());
    if (!reach && reach.error().code != ErrorCode::kForbidden) {
      return tl::unexpected(reach.error());
    }
    if (reach && *reach) assessment.findings.push_back(std::move(**reach));
  }
  assessment.context = toJson(console);
  assessment.proveAgainAt = askAgainAt(remediation, policy);
  if (assessment.findings.empty()) return assessment;
  auto planned = readForPlan(remediation, keys, console, **live, policy, &assessment.plan);
  if (!planned) return tl::unexpected(planned.error());
  return assessment;
}

ProofView DashboardFamily::prove(const Remediation& remediation, const SecurityPolicy* policy,
                                 const remediate::JournalKeys& keys, const Step& step) {
  (void)step;
  using Verdict = ProofView::Verdict;
  {
    std::lock_guard lock(mutex_);
    constexpr size_t kMostRemembered = 4096;
    if (asked_.size() >= kMostRemembered) asked_.clear();
    asked_[remediation.name] = clock_.wall();
  }
  detect::OpenConsole console = consoleFromJson(remediate::sealedContext(keys, remediation), productsOf(policy));
  auto subject = subjectAt(remediation.target, policy);
  if (!subject) return {Verdict::kUnknown, "CannotRead", subject.error().message};
  if (console.product == nullptr || console.openPaths.empty() || !*subject) {
    return {Verdict::kUnknown, "CannotAsk", "what stood open is not known any more"};
  }
  ConsoleQuestion question = questionFor(**subject, policy);
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
  const auto& pods = (*subject)->pods;
  bool podReady = std::any_of(pods.begin(), pods.end(), [](const Pod& pod) { return pod.ready; });
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
