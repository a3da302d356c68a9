#include "kube/lease_machine.h"

#include <algorithm>

#include "base/time_format.h"

namespace firebreak::kube {
namespace {

int64_t wholeSeconds(std::chrono::milliseconds time) {
  return std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count());
}

}  // namespace

LeaseView readLease(const Json& lease) {
  const Json& spec = member(lease, "spec");
  LeaseView view;
  view.holder = stringOr(member(spec, "holderIdentity"));
  view.resourceVersion = stringOr(member(lease, {"metadata", "resourceVersion"}));
  view.renewTime = stringOr(member(spec, "renewTime"));
  view.acquireTime = stringOr(member(spec, "acquireTime"));
  view.transitions = intOr(member(spec, "leaseTransitions"), 0);
  view.durationSeconds = intOr(member(spec, "leaseDurationSeconds"), 0);
  return view;
}

bool LeaseMachine::mayTake(const LeaseView& seen, MonoTime now) {
  if (seen.holder.empty() || seen.holder == identity_) return true;
  std::pair<std::string, std::string> state(seen.holder, seen.renewTime);
  if (!observed_ || *observed_ != state) {
    observed_ = std::move(state);
    observedAt_ = now;
    return false;
  }
  const std::chrono::milliseconds theirs =
      seen.durationSeconds > 0 ? std::chrono::seconds(std::min<int64_t>(seen.durationSeconds, 3600))
                               : duration_;
  return now - observedAt_ >= theirs;
}

Json LeaseMachine::renewed(const Json& current, WallTime wall) const {
  Json next = current;
  const LeaseView before = readLease(current);
  if (!next["spec"].is_object()) next["spec"] = Json::object();
  Json& spec = next["spec"];
  if (before.holder != identity_) {
    spec["acquireTime"] = formatMicroTime(wall);
    spec["leaseTransitions"] = before.transitions + 1;
  }
  spec["holderIdentity"] = identity_;
  spec["leaseDurationSeconds"] = wholeSeconds(duration_);
  spec["renewTime"] = formatMicroTime(wall);
  return next;
}

Json LeaseMachine::created(const std::string& ns, const std::string& name, WallTime wall) const {
  Json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                {"kind", "Lease"},
                {"metadata", {{"name", name}, {"namespace", ns}}}};
  lease = renewed(lease, wall);
  lease["spec"]["leaseTransitions"] = 0;
  return lease;
}

Json LeaseMachine::released(const Json& current, WallTime wall) const {
  Json next = current;
  next["spec"]["holderIdentity"] = "";
  next["spec"]["leaseDurationSeconds"] = 1;
  next["spec"]["renewTime"] = formatMicroTime(wall);
  return next;
}

}  // namespace firebreak::kube
