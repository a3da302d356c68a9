#include "control/holders.h"

#include "remediate/next.h"

namespace firebreak::control {
namespace {

bool isWorkload(const std::string& kind) {
  static const std::set<std::string> kWorkloads = {"Deployment", "StatefulSet", "ReplicaSet", "Job",
                                                   "CronJob"};
  return kWorkloads.contains(kind);
}

bool comesFrom(const std::string& controller, const std::string& workload) {
  return controller == workload || controller.starts_with(workload + "-");
}

}  // namespace

void Holders::drop(const std::string& name) {
  auto known = objects_.find(name);
  if (known == objects_.end()) return;
  for (const Object& object : known->second) {
    auto holders = holders_.find(object);
    holders->second.erase(name);
    if (holders->second.empty()) holders_.erase(holders);
  }
  objects_.erase(known);
}

void Holders::note(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  std::set<Object> held;
  if (remediate::holdsSomething(status) && status.outcome != Outcome::kNoLongerPresent) {
    for (const PlannedStep& step : status.plan) {
      held.insert({step.object.ns, step.object.kind, step.object.name});
    }
  }
  std::lock_guard lock(mutex_);
  drop(remediation.name);
  for (const Object& object : held) {
    holders_[object].insert(remediation.name);
    objects_[remediation.name].push_back(object);
  }
}

void Holders::forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  drop(name);
}

std::vector<std::string> Holders::of(const std::string& kind, const std::string& ns,
                                     const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = holders_.find({ns, kind, name});
  if (found == holders_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<std::string> Holders::aboveController(const std::string& ns,
                                                  const ObjectRef& controller) const {
  std::set<std::string> names;
  if (controller.name.empty()) return {};
  std::lock_guard lock(mutex_);
  for (auto it = holders_.lower_bound({ns, "", ""}); it != holders_.end(); ++it) {
    const Object& object = it->first;
    if (object.ns != ns) break;
    if (isWorkload(object.kind) && comesFrom(controller.name, object.name)) {
      names.insert(it->second.begin(), it->second.end());
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace firebreak::control
