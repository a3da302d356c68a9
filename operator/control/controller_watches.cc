// Which change of which object asks for which key to be looked at.
#include <algorithm>
#include <set>

#include "control/controller_impl.h"
#include "control/publisher.h"
#include "detect/dashboards/host_publication.h"

namespace firebreak::control {
namespace {

using kube::QueuePriority;

// Only what a detector looks at; a pod's status changes every few seconds.
bool looksTheSame(const Pod& a, const Pod& b) {
  auto running = [](const Pod& pod) {
    std::string text;
    for (const ContainerStatus& status : pod.statuses) {
      text += status.name + (status.running ? "+" : "-") + status.containerID;
    }
    return text;
  };
  return a.spec == b.spec && a.meta.labels == b.meta.labels && a.phase == b.phase &&
         a.node == b.node && a.podIP == b.podIP && a.meta.deleting == b.meta.deleting &&
         running(a) == running(b);
}

// Whether the counts in a policy's status are others now.
bool countsOtherwise(const RemediationStatus& a, const RemediationStatus& b) {
  return a.phase != b.phase || a.outcome != b.outcome || a.policyUid != b.policyUid;
}

}  // namespace

void Controller::Impl::watchChanges() {
  world.pods.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (!judging) return;  // everything is looked at when that begins
    const ObjectMeta& meta = (now ? now : old)->meta;
    wake(holders.of("Pod", meta.ns, meta.name));
    if (!old) wake(holders.aboveController(meta.ns, meta.controller));
    bool same = old && now && looksTheSame(*old, *now);
    if (same && old->ready == now->ready) return;
    if (now) addServicesOf(*now);
    if (same) {
      if (detect::publishesItself(*now)) enqueue("publisher", publisherKey(*now));
      return;
    }
    enqueue("pod", key);  // and by it what the pod publishes
    if (!now && old) {
      pokeTarget(Family::kMiner, {"v1", "Pod", old->meta.ns, old->meta.name, old->meta.uid});
      if (detect::publishesItself(*old)) pokePublishers(old->meta.ns);
    }
  });
  world.services.onChange([this](const std::string& key, const auto& old, const auto& now) {
    const ObjectMeta& meta = (now ? now : old)->meta;
    wake(holders.of("Service", meta.ns, meta.name));
    if (now) enqueue("service", key, QueuePriority::kUrgent);
    if (!now && old) {
      pokeTarget(Family::kOpenDashboard,
                 {"v1", "Service", old->meta.ns, old->meta.name, old->meta.uid});
    }
  });
  for (auto* kind : world.routeKinds()) {
    // Other routes are never written; one of the same name wakes for nothing.
    const char* name = kind == &world.ingresses ? "Ingress" : "HTTPRoute";
    kind->onChange([this, name](const std::string&, const auto& old, const auto& now) {
      const ObjectMeta& meta = (now ? now : old)->meta;
      wake(holders.of(name, meta.ns, meta.name));
      if (!now) return;
      for (const IngressPath& path : now->paths) {
        enqueue("service", now->meta.ns + "/" + path.service);
      }
    });
  }
  world.nodeGuards.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (now && old && judging) {
      followGuard(*old, *now);
    } else if (now) {
      enqueue("nodeguard", key, QueuePriority::kUrgent);
    }
  });
  world.policies.onChange([this](const std::string& key, const auto& old, const auto& now) {
    enqueue("policy", key);
    // A status write of our own changes nothing that was judged.
    if (old && now && old->generation == now->generation && old->deletedAt == now->deletedAt) return;
    enqueueEverything();
  });
  world.namespaces.onChange([this](const std::string& key, const auto& old, const auto& now) {
    // Which policy covers a namespace, and which exclude entries, may hang on its labels.
    if (old && now && old->meta.labels != now->meta.labels) enqueueEverything();
    if (old || !now) return;
    enqueue("marked", key, QueuePriority::kBackground);
    enqueue("literals", key, QueuePriority::kBackground);
  });
  world.networkPolicies.onChange([this](const std::string&, const auto& old, const auto& now) {
    if (!judging) return;
    // One that is new is our own write; one that was changed or taken off is looked at at once.
    if (old && !old->remediation.empty()) {
      enqueue("remediation", old->remediation, QueuePriority::kUrgent);
    }
    // Policies add up: one of somebody else's may admit what ours shut, or make ours one too many.
    const PolicyMark& mark = now ? *now : *old;
    if (!mark.remediation.empty()) return;
    for (const std::string& console : consolesIn(mark.ns, false)) {
      dashboards.askSoon(console);
      enqueue("remediation", console);
    }
  });
  world.brakes.onChange([this](const std::string&, const auto&, const auto&) {
    enqueueEverything();
  });
  world.remediations.onChange([this](const std::string& key, const auto& old, const auto& now) {
    if (!now) {
      ledger.forget(key);
      holders.forget(key);
      remediations.forgotten(key);
      if (old && !old->status.policyName.empty()) {
        enqueue("policy", old->status.policyName, QueuePriority::kBackground);
      }
      return;
    }
    const bool ours = isOurs(keys, *now);
    if (ours) {
      ledger.note(*now);
      holders.note(*now);
    }
    bool decided =
        old && (old->generation != now->generation || old->deleting != now->deleting);
    // A status write of our own needs no look; what nobody here made may get its status from anybody.
    bool mine = old && !decided && ours;
    if (!mine) enqueue("remediation", key, QueuePriority::kUrgent);
    if (now->status.policyName.empty()) return;
    if (!old || countsOtherwise(old->status, now->status)) {
      enqueue("policy", now->status.policyName, QueuePriority::kBackground);
    }
  });
}

void Controller::Impl::pokeTarget(Family family, const ObjectRef& target) {
  std::string name = opener.nameFor(family, target);
  if (!name.empty() && world.remediations.get(name)) enqueue("remediation", name);
}

// Remediations of consoles in a namespace; those of workloads and bare pods alone, or all.
std::vector<std::string> Controller::Impl::consolesIn(const std::string& ns,
                                                      bool publishersAlone) const {
  std::vector<std::string> names;
  for (const auto& known : world.remediations.snapshot()) {
    if (known->family != Family::kOpenDashboard || known->target.ns != ns) continue;
    if (!publishersAlone || known->target.kind != "Service") names.push_back(known->name);
  }
  return names;
}

// Workloads are not watched: one may have gone with its last pod.
void Controller::Impl::pokePublishers(const std::string& ns) {
  for (const std::string& console : consolesIn(ns, true)) enqueue("remediation", console);
}

// What they keep was written to, by us or by somebody who undoes it: looked at again, which costs
// reads alone where it still is as it should be.
void Controller::Impl::wake(const std::vector<std::string>& remediationNames) {
  for (const std::string& name : remediationNames) {
    enqueue("remediation", name, QueuePriority::kUrgent);
  }
}

void Controller::Impl::addPodOf(const Sighting& sighting, const std::string& node) {
  auto pod = world.podByUid(sighting.podUid);
  if (pod && pod->node == node) enqueue("pod", keyOf(pod->meta), QueuePriority::kUrgent);
}

// A sensor writes often, and most of it was known: only what is new is looked at.
void Controller::Impl::followGuard(const NodeGuard& old, const NodeGuard& now) {
  const auto knownSighting = [&](const Sighting& sighting) {
    return std::any_of(old.sightings.begin(), old.sightings.end(), [&](const Sighting& before) {
      return before.podUid == sighting.podUid && before.process.pid == sighting.process.pid &&
             before.process.startTime == sighting.process.startTime &&
             before.score == sighting.score && before.signals.size() == sighting.signals.size() &&
             (before.lastSeen == sighting.lastSeen || !MinerJudge::needsTime(sighting));
    });
  };
  for (const Sighting& sighting : now.sightings) {
    if (!knownSighting(sighting)) addPodOf(sighting, now.node);
  }
  std::set<std::string> changed;
  for (const MeasureReport& report : now.reports) {
    const bool known = std::any_of(old.reports.begin(), old.reports.end(), [&](const auto& before) {
      return before.orderId == report.orderId && before.measure == report.measure &&
             before.state == report.state && before.message == report.message;
    });
    if (!known) changed.insert(report.orderId);
  }
  const auto poke = [&](const IsolationOrder& order) {
    if (!world.remediations.get(order.remediation)) return;
    enqueue("remediation", order.remediation, QueuePriority::kUrgent);
  };
  std::set<std::string> standing;
  for (const IsolationOrder& order : now.orders) {
    standing.insert(order.orderId);
    if (changed.contains(order.orderId)) poke(order);
  }
  // One that somebody took out is put back.
  for (const IsolationOrder& order : old.orders) {
    if (!standing.contains(order.orderId)) poke(order);
  }
}

void Controller::Impl::addServicesOf(const Pod& pod) {
  for (const auto& service : world.services.inNamespace(pod.meta.ns)) {
    if (service->selector.empty()) continue;
    bool selects = std::all_of(
        service->selector.begin(), service->selector.end(), [&](const auto& wanted) {
          auto label = pod.meta.labels.find(wanted.first);
          return label != pod.meta.labels.end() && label->second == wanted.second;
        });
    if (selects) enqueue("service", keyOf(service->meta));
  }
}

}  // namespace firebreak::control
