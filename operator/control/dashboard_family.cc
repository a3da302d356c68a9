#include "control/dashboard_family.h"

#include <algorithm>
#include <map>

#include "api/projection.h"
#include "base/json.h"
#include "detect/dashboards/address.h"
#include "detect/dashboards/candidates.h"
#include "detect/dashboards/console_shut.h"
#include "detect/signatures/dashboards.h"
#include "remediate/plan/dashboards.h"

namespace firebreak::control {
namespace {

using detect::Endpoint;
using detect::ProbeAnswer;
using detect::Product;
using remediate::ProofView;
using std::chrono::milliseconds;

// A NodePort answers on every node alike: a few of them tell.
constexpr int kMostNodesAsked = 3;
constexpr int kKubeletPort = 10250;

std::vector<Pod> copies(const std::vector<std::shared_ptr<const Pod>>& pods) {
  std::vector<Pod> all;
  for (const auto& pod : pods) all.push_back(*pod);
  return all;
}

ProbeRequest requestTo(const OpenPath& path, const std::string& what, milliseconds timeout) {
  return {path.scheme, path.address, path.port, path.host, what, timeout};
}

bool isSilence(const ProbeAnswer& answer) {
  return answer.outcome == ProbeAnswer::Outcome::kRefused ||
         answer.outcome == ProbeAnswer::Outcome::kTimedOut;
}

}  // namespace

DashboardFamily::DashboardFamily(kube::Client& client, World& world, Prober& prober)
    : client_(client), world_(world), prober_(prober) {}

Prober::Addresses DashboardFamily::clusterAddresses() const {
  Prober::Addresses addresses;
  auto add = [&](const std::string& text) {
    if (auto normal = detect::normalAddress(text)) addresses.insert(*normal);
  };
  for (const auto& node : world_.nodes.snapshot()) {
    for (const std::string& ip : node->internalIPs) add(ip);
  }
  for (const auto& service : world_.services.snapshot()) {
    add(service->clusterIP);
    for (const std::string& ip : service->externalIPs) add(ip);
    for (const std::string& ip : service->ingressIPs) add(ip);
  }
  return addresses;
}

void DashboardFamily::probeEndpoint(const Endpoint& endpoint,
                                    const std::vector<const Product*>& candidates,
                                    milliseconds timeout,
                                    detect::DashboardObservation* observation, ConsoleLook* look) {
  Prober::Addresses allowed = clusterAddresses();
  std::string prefix = endpoint.path == "/" ? "" : endpoint.path;
  for (const Product* product : candidates) {
    for (const std::string& scheme : product->schemes) {
      if (endpoint.tls && scheme != "https") continue;
      for (const detect::ProofRequest& proof : product->proofs) {
        ProbeRequest request{scheme,        endpoint.address,    endpoint.port,
                             endpoint.host, prefix + proof.path, timeout};
        ProbeAnswer answer = prober_.probe(request, allowed);
        if (isSilence(answer)) {
          look->silent = true;
          return;  // nobody is there; another question would wait as long
        }
        if (answer.outcome != ProbeAnswer::Outcome::kAnswered) break;
        answer.path = proof.path;
        request.path = prefix + proof.controlPath;
        ProbeAnswer control = prober_.probe(request, allowed);
        detect::Verdict verdict = detect::judge(*product, answer, control);
        if (verdict == detect::Verdict::kUnknown || verdict == detect::Verdict::kNotThisProduct) {
          continue;
        }
        detect::ProbedPath path;
        path.endpoint = endpoint;
        path.product = product;
        path.verdict = verdict;
        const detect::ProofRequest* fulfilled = detect::fulfilledProof(*product, answer);
        path.grants = fulfilled == nullptr ? proof.grants : fulfilled->grants;
        path.scheme = scheme;
        path.requestPath = prefix + proof.path;
        observation->paths.push_back(std::move(path));
        if (verdict == detect::Verdict::kOpen) return;
      }
    }
  }
}

ConsoleLook DashboardFamily::look(const Service& service, const SecurityPolicy& policy) {
  ConsoleLook result;
  detect::DashboardObservation observation;
  observation.service = service;
  observation.pods = copies(world_.podsSelectedBy(service.meta.ns, service.selector));
  observation.minReach =
      policy.dashboards.clusterReach ? detect::Reach::kCluster : detect::Reach::kPublished;
  detect::ReachInput input;
  input.pods = observation.pods;
  for (const auto& node : world_.nodes.snapshot()) input.nodes.push_back(*node);
  for (const auto& ingress : world_.ingresses.snapshot()) {
    if (ingress->meta.ns == service.meta.ns) input.ingresses.push_back(*ingress);
  }
  std::map<std::string, int> asked;
  for (const Endpoint& endpoint : detect::endpointsOf(service, input)) {
    if (endpoint.address.empty() || endpoint.reach < observation.minReach) continue;
    std::string way = std::to_string(static_cast<int>(endpoint.via)) + ":" +
                      std::to_string(endpoint.port) + endpoint.host + endpoint.path;
    if (++asked[way] > kMostNodesAsked) continue;
    auto candidates = detect::candidatesFor(detect::dashboardProducts(), observation.pods, service,
                                            endpoint.servicePort, endpoint.podPort);
    if (candidates.empty()) continue;
    result.candidate = true;
    probeEndpoint(endpoint, candidates,
                  std::chrono::seconds(policy.dashboards.probeTimeoutSeconds), &observation,
                  &result);
  }
  result.findings = detect::detectDashboards(observation);
  result.console = detect::openConsoleOf(observation);
  return result;
}

Status DashboardFamily::readForPlan(const Remediation& remediation,
                                    const remediate::JournalKeys& keys,
                                    const ConsoleContext& context, const Service& service,
                                    const Json& serviceJson, const SecurityPolicy* policy,
                                    Plan* plan) {
  DashboardTarget target;
  target.remediation = remediation.name;
  target.service = service;
  target.serviceJson = serviceJson;
  target.servicePorts = context.servicePorts;
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
  ConsoleContext context;
  if (remediate::hasStarted(remediation.status)) {
    assessment.findings = remediation.status.findings;
    context = consoleContextFromJson(remediate::sealedContext(keys, remediation));
  } else if (policy != nullptr) {
    ConsoleLook seen = look(*service, *policy);
    if (highestTier(seen.findings) == Tier::kRemediate) assessment.findings = seen.findings;
    context = contextOf(seen.console);
    // Silence is no proof that a console went away; what was found stays until it answers otherwise.
    if (seen.silent && assessment.findings.empty() && !remediation.status.findings.empty()) {
      return fail(ErrorCode::kUnavailable, describe(target) + " does not answer at the moment");
    }
  }
  assessment.context = toJson(context);
  if (assessment.findings.empty()) return assessment;
  auto planned = readForPlan(remediation, keys, context, *service, before, policy,
                             &assessment.plan);
  if (!planned) return tl::unexpected(planned.error());
  return assessment;
}

ProofView DashboardFamily::prove(const Remediation& remediation, const SecurityPolicy* policy,
                                 const Step& step) {
  (void)step;
  using Verdict = ProofView::Verdict;
  ConsoleContext context;
  for (const StepRecord& record : remediation.status.steps) {
    auto image = remediate::parseBefore(record.before);
    if (image && image->context.contains("product")) {
      context = consoleContextFromJson(image->context);
      break;
    }
  }
  const Product* product = productNamed(context.product);
  auto service = world_.services.get(remediation.target.ns + "/" + remediation.target.name);
  if (product == nullptr || context.paths.empty() || !service) {
    return {Verdict::kUnknown, "CannotAsk", "what stood open is not known any more"};
  }
  Prober::Addresses allowed = clusterAddresses();
  for (const OpenPath& path : context.paths) {
    if (auto normal = detect::normalAddress(path.address)) allowed.insert(*normal);
  }
  milliseconds timeout = std::chrono::seconds(
      policy == nullptr ? 3 : std::max<int64_t>(1, policy->dashboards.probeTimeoutSeconds));
  std::vector<detect::ReaskedPath> again;
  for (const OpenPath& path : context.paths) {
    detect::ReaskedPath reasked;
    reasked.product = product;
    reasked.via = path.via;
    reasked.after = prober_.probe(requestTo(path, path.path, timeout), allowed);
    if (reasked.after.outcome == ProbeAnswer::Outcome::kAnswered) {
      reasked.afterControl = prober_.probe(requestTo(path, path.controlPath, timeout), allowed);
    }
    again.push_back(std::move(reasked));
  }
  // Something on the same nodes that no step touches: the kubelet's port.
  bool controlOk = false;
  for (const auto& node : world_.nodes.snapshot()) {
    if (controlOk || node->internalIPs.empty()) continue;
    controlOk = prober_.tcpConnect(node->internalIPs.front(), kKubeletPort, allowed, timeout)
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
