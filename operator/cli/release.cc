#include "cli/release.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/time_format.h"
#include "cli/cluster_connection.h"
#include "firebreak/clock.h"

namespace firebreak {
namespace {

using std::chrono::seconds;

constexpr char kFinalizer[] = "firebreak.dev/undo";
// A sensor writes every 60 s; one that missed two is not waited for.
constexpr seconds kSilent{130};
// Together well below the Job's deadline of 60 s.
constexpr seconds kStopWait{20};
constexpr seconds kReleaseWait{25};

struct Arguments {
  bool all = false;
  bool uninstall = false;
  std::string ns;
  std::string operatorName = "firebreak-operator";
};

// Asks every half second until `done` or the time is over.
bool waitFor(seconds limit, const std::function<bool()>& done) {
  const MonoTime end = systemClock().mono() + limit;
  while (!done()) {
    if (systemClock().mono() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  return true;
}

// Says what went wrong and goes on: the rest is to be released all the same.
class Release {
 public:
  explicit Release(kube::Client& client) : client_(client) {}
  bool clean() const { return clean_; }

  // A running operator would give its orders again.
  void stopOperator(const std::string& ns, const std::string& name) {
    kube::PatchOptions scale;
    scale.subresource = "scale";
    auto stopped = client_.patch(kube::kDeployments, ns, name, kube::PatchKind::kMerge,
                                 {{"spec", {{"replicas", 0}}}}, scale);
    if (!stopped) return trouble("the operator cannot be stopped", stopped.error());
    bool gone = waitFor(kStopWait, [&] {
      auto live = client_.get(kube::kDeployments, ns, name);
      return live && intOr(member(*live, {"status", "replicas"}), 0) == 0;
    });
    if (!gone) trouble("the operator still runs " + std::to_string(kStopWait.count()) + " s later");
  }

  void withdrawOrders() {
    auto guards = client_.list(kube::kNodeGuards, "");
    if (!guards) return trouble("the NodeGuards cannot be read", guards.error());
    for (const Json& guard : member(*guards, "items")) {
      if (member(guard, {"spec", "isolations"}).empty()) continue;
      const std::string node = nameOf(guard);
      auto patched = client_.patch(kube::kNodeGuards, "", node, kube::PatchKind::kMerge,
                                   {{"metadata", {{"uid", member(guard, {"metadata", "uid"})}}},
                                    {"spec", {{"isolations", Json::array()}}}});
      if (!patched) trouble("the orders to node " + node + " cannot be withdrawn", patched.error());
    }
  }

  void awaitSensors() {
    std::vector<std::string> holding;
    bool done = waitFor(kReleaseWait, [&] {
      holding.clear();
      auto guards = client_.list(kube::kNodeGuards, "");
      if (!guards) return false;
      for (const Json& guard : member(*guards, "items")) {
        if (holds(guard)) holding.push_back(nameOf(guard));
      }
      return std::none_of(holding.begin(), holding.end(),
                          [&](const std::string& node) { return !silent_.contains(node); });
    });
    for (const std::string& node : holding) {
      trouble("node " + node + (silent_.contains(node) ? ": its sensor is silent" : "") +
              ": pods may still be frozen or cut off there");
    }
    if (!done && holding.empty()) trouble("the sensors' answers cannot be read");
  }

  void dropFinalizers(const kube::ResourceType& type) {
    auto objects = client_.list(type, "");
    if (!objects) return trouble("finalizers cannot be read", objects.error());
    for (const Json& object : member(*objects, "items")) {
      Json left = Json::array();
      const Json& finalizers = member(object, {"metadata", "finalizers"});
      for (const Json& finalizer : finalizers) {
        if (finalizer != kFinalizer) left.push_back(finalizer);
      }
      if (left.size() == finalizers.size()) continue;
      const std::string name = nameOf(object);
      Json meta = {{"uid", member(object, {"metadata", "uid"})},
                   {"resourceVersion", member(object, {"metadata", "resourceVersion"})},
                   {"finalizers", left}};
      auto patched =
          client_.patch(type, "", name, kube::PatchKind::kMerge, {{"metadata", meta}});
      if (!patched) trouble("the finalizer of " + name + " stays", patched.error());
    }
  }

  void tellWhatStays() {
    tell(kube::kNetworkPolicies, "app.kubernetes.io/managed-by=firebreak", "NetworkPolicy");
    tell(kube::kPods, "firebreak.dev/quarantine", "quarantined Pod");
    tell(kube::kRemediations, "", "Remediation");
    tell(kube::kSecurityPolicies, "", "SecurityPolicy");
  }

 private:
  static std::string nameOf(const Json& object) {
    const std::string ns = stringOr(member(object, {"metadata", "namespace"}));
    return (ns.empty() ? "" : ns + "/") + stringOr(member(object, {"metadata", "name"}));
  }

  // Whether this node's sensor still holds a pod, or has not yet read that it is not to.
  bool holds(const Json& guard) {
    const Json& status = member(guard, "status");
    if (!member(status, "isolations").is_array()) return false;
    auto heartbeat = parseTime(stringOr(member(status, "heartbeat")));
    const bool silent = !heartbeat || systemClock().wall() - *heartbeat > kSilent;
    if (silent) silent_.insert(nameOf(guard));
    bool any = false;
    for (const Json& report : member(status, "isolations")) {
      const std::string state = stringOr(member(report, "state"));
      any = any || (state != "Released" && state != "Refused");
    }
    return any;
  }

  void tell(const kube::ResourceType& type, const std::string& labels, const std::string& what) {
    auto objects = client_.list(type, "", {labels, ""});
    if (!objects) return trouble("what stays cannot be read", objects.error());
    for (const Json& object : member(*objects, "items")) {
      std::cout << "stays: " << what << " " << nameOf(object) << "\n";
    }
  }

  void trouble(const std::string& text) {
    clean_ = false;
    std::cerr << "firebreak release: " << text << "\n";
  }
  void trouble(const std::string& text, const Error& error) { trouble(text + ": " + error.message); }

  kube::Client& client_;
  std::set<std::string> silent_;
  bool clean_ = true;
};

}  // namespace

int runRelease(int argc, char** argv) {
  Arguments arguments;
  ClusterConnection access;
  CLI::App app("Has the sensors let go of the pods that they hold", "firebreak release");
  app.add_flag("--all", arguments.all, "every pod on every node")->required();
  app.add_flag("--uninstall", arguments.uninstall,
               "stop the operator first, take finalizers off, say what stays");
  access.addOptions(app);
  app.add_option("--namespace", arguments.ns, "namespace of the operator");
  app.add_option("--operator", arguments.operatorName, "Deployment of the operator")
      ->capture_default_str();
  if (auto code = access.open(app, argc, argv)) return *code;
  if (arguments.ns.empty()) {
    const char* own = std::getenv("POD_NAMESPACE");
    arguments.ns = own != nullptr && *own != '\0' ? own : "firebreak-system";
  }
  Release release(access.client());
  if (arguments.uninstall) release.stopOperator(arguments.ns, arguments.operatorName);
  release.withdrawOrders();
  release.awaitSensors();
  if (arguments.uninstall) {
    release.dropFinalizers(kube::kRemediations);
    release.dropFinalizers(kube::kSecurityPolicies);
    release.tellWhatStays();
    // What is in doubt was said; an uninstall that is asked for is not held up by it.
    return 0;
  }
  return release.clean() ? 0 : 1;
}

}  // namespace firebreak
