#include "control/owner_blame.h"

#include <algorithm>
#include <set>

#include "api/remediation_json.h"
#include "control/root_controller.h"
#include "remediate/steps.h"

namespace firebreak::control {
namespace {

constexpr const char* kStopOwner = "StopOwner";

// By what was decided when the episode began.
bool listsStopOwner(const Json& context) {
  const Json& actions = member(context, "actions");
  return std::find(actions.begin(), actions.end(), kStopOwner) != actions.end();
}

}  // namespace

// A pod that was let go has no owner any more: its Remediation tells whose it was.
int OwnerBlame::episodesOf(const ObjectRef& root, const Remediation& remediation,
                           std::chrono::seconds since) const {
  int count = 0;
  for (const auto& other : world_.remediations.snapshot()) {
    const bool same = other->family == Family::kMiner && other->uid != remediation.uid &&
                      !root.uid.empty() && other->status.owner.uid == root.uid;
    const bool acted = same && remediate::hasStarted(other->status) &&
                       other->status.phase != Phase::kReverted && other->status.startedAt;
    if (acted && clock_.wall() - *other->status.startedAt < since) ++count;
  }
  return count;
}

// At most so many pods are kept; what comes after them is deleted.
bool OwnerBlame::isOverLimit(const ObjectRef& root, const std::string& ns) const {
  constexpr int kMostPerOwner = 2;
  constexpr int kMostPerNamespace = 10;
  std::set<std::string> ofRoot;
  for (const auto& known : world_.remediations.snapshot()) {
    if (!root.uid.empty() && known->status.owner.uid == root.uid) ofRoot.insert(known->uid);
  }
  int kept = 0;
  int keptOfRoot = 0;
  for (const auto& pod : world_.pods.inNamespace(ns)) {
    auto mark = pod->meta.labels.find(remediate::kQuarantineLabel);
    if (mark == pod->meta.labels.end()) continue;
    ++kept;
    if (ofRoot.contains(mark->second)) ++keptOfRoot;
  }
  return kept >= kMostPerNamespace || keptOfRoot >= kMostPerOwner;
}

Status OwnerBlame::weigh(const Remediation& remediation, const SecurityPolicy* policy,
                         const remediate::JournalKeys& keys, const ObjectRef& root,
                         const std::vector<Finding>& findings,
                         remediate::MinerTarget* plan) const {
  const Json context = remediate::sealedContext(keys, remediation);
  const bool decided = remediate::hasStarted(remediation.status) && context.contains("guiltyOwner");
  ObjectRef owner = plan->owner;
  bool blame = false;
  if (decided) {
    plan->deleteInstead = boolOr(context["deleteInstead"], false);
    owner = refFromJson(context["guiltyOwner"]);
    blame = !owner.kind.empty();
  } else if (policy != nullptr) {
    // Never without the policy's word for deleting: then it is kept like the others.
    plan->deleteInstead = policy->miners.actions.contains("Isolate") &&
                          policy->miners.actions.contains("Terminate") &&
                          isOverLimit(root, remediation.target.ns);
    const bool byText = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
      return finding.tier == Tier::kRemediate && finding.rule != "miner-process";
    });
    const std::chrono::seconds cooldown{policy->cooldownSeconds};
    blame = !owner.kind.empty() && (byText || episodesOf(root, remediation, cooldown) > 0);
  }
  if (!blame) return {};
  const bool stops = plan->actions.contains(kStopOwner) || listsStopOwner(context);
  return nameOwner(remediation, keys, owner, stops, plan);
}

// Where it is stopped, also the Job whose pod it is.
Status OwnerBlame::nameOwner(const Remediation& remediation, const remediate::JournalKeys& keys,
                             const ObjectRef& owner, bool stops,
                             remediate::MinerTarget* plan) const {
  auto chain = controllersOf(client_, remediation.target.ns, owner);
  // Of a kind that it may not read it says nothing.
  if (!chain && chain.error().code == ErrorCode::kForbidden) return {};
  if (!chain) return tl::unexpected(chain.error());
  if (chain->empty()) return {};
  const auto images = remediate::sealedImages(keys, remediation);
  plan->guiltyOwner = remediate::rewind(chain->back(), images);
  // A CronJob's run goes on making pods; who may not stop it has no use for it.
  const ObjectRef& run = plan->owner;
  if (!stops || run.kind != "Job" || stringOr(member(plan->guiltyOwner, "kind")) != "CronJob") return {};
  if (chain->size() > 1) {
    plan->guiltyRun = remediate::rewind(std::move(chain->front()), images);
    return {};
  }
  auto job = client_.get(kube::kJobs, remediation.target.ns, run.name);
  if (!job && job.error().code != ErrorCode::kNotFound) return tl::unexpected(job.error());
  if (job) plan->guiltyRun = remediate::rewind(std::move(*job), images);
  return {};
}

}  // namespace firebreak::control
