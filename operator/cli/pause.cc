#include "cli/pause.h"

#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time_format.h"
#include "cli/cluster_connection.h"
#include "firebreak/clock.h"

namespace firebreak {
namespace {

constexpr char kBrake[] = "firebreak-brake";

struct Arguments {
  std::string policy;
  std::string reason;
  std::string ns = "firebreak-system";
  bool resume = false;
};

int refused(const Error& error) {
  std::cerr << "firebreak pause: " << error.message << "\n";
  return 1;
}

std::string dataOf(const Json& configMap) {
  std::string text;
  for (const auto& [key, value] : member(configMap, "data").items()) {
    text += (text.empty() ? "" : ", ") + key + ": " + stringOr(value);
  }
  return text.empty() ? "no reason given" : text;
}

int pullBrake(kube::Client& client, const Arguments& arguments, const std::string& user) {
  Json data = {{"by", user}, {"since", formatTime(systemClock().wall())}};
  if (!arguments.reason.empty()) data["reason"] = arguments.reason;
  auto created = client.create(kube::kConfigMaps, arguments.ns,
                               {{"apiVersion", "v1"},
                                {"kind", "ConfigMap"},
                                {"metadata", {{"name", kBrake}, {"namespace", arguments.ns}}},
                                {"data", data}});
  if (created) {
    std::cout << "The brake is on: nothing new is started. What has begun is finished.\n"
              << "Let go of it with: firebreak pause --resume\n";
    return 0;
  }
  if (created.error().code != ErrorCode::kAlreadyExists) return refused(created.error());
  auto live = client.get(kube::kConfigMaps, arguments.ns, kBrake);
  if (!live) return refused(live.error());
  std::cout << "The brake was on already (" << dataOf(*live) << ").\n";
  return 0;
}

int releaseBrake(kube::Client& client, const Arguments& arguments) {
  Status removed = client.remove(kube::kConfigMaps, arguments.ns, kBrake);
  if (!removed && removed.error().code != ErrorCode::kNotFound) return refused(removed.error());
  std::cout << (removed ? "The brake is off.\n" : "The brake was not on.\n");
  return 0;
}

// Everybody's own entries begin with their name, so that resuming takes back nobody else's.
int changePolicy(kube::Client& client, const Arguments& arguments, const std::string& user) {
  auto policy = client.get(kube::kSecurityPolicies, "", arguments.policy);
  if (!policy) return refused(policy.error());
  const std::string own = arguments.reason.empty() ? user : user + ": " + arguments.reason;
  Json requests = Json::array();
  for (const std::string& request : stringsOf(member(*policy, {"spec", "pauseRequests"}))) {
    const bool mine = request == user || request.starts_with(user + ": ");
    if (!mine) requests.push_back(request);
  }
  if (!arguments.resume) requests.push_back(own);
  const Json& meta = member(*policy, "metadata");
  kube::PatchOptions options;
  options.fieldManager = "firebreak-cli";
  auto written = client.patch(kube::kSecurityPolicies, "", arguments.policy,
                              kube::PatchKind::kMerge,
                              {{"metadata",
                                {{"uid", member(meta, "uid")},
                                 {"resourceVersion", member(meta, "resourceVersion")}}},
                               {"spec", {{"pauseRequests", requests}}}},
                              options);
  if (!written) return refused(written.error());
  if (requests.empty()) {
    std::cout << "Policy " << arguments.policy << " is not paused any more.\n";
    return 0;
  }
  std::cout << "Policy " << arguments.policy << " is paused; nothing new is started under it:\n";
  for (const Json& request : requests) std::cout << "  " << stringOr(request) << "\n";
  return 0;
}

}  // namespace

int runPause(int argc, char** argv) {
  Arguments arguments;
  ClusterConnection access;
  CLI::App app("Has nothing new started; what has begun is finished", "firebreak pause");
  access.addOptions(app);
  app.add_option("--policy", arguments.policy, "under this policy only (default: under all)");
  app.add_option("--reason", arguments.reason, "why, for people");
  app.add_flag("--resume", arguments.resume, "let go: takes your own pause back, or the brake off");
  app.add_option("--namespace", arguments.ns, "namespace of the operator")->capture_default_str();
  if (auto code = access.open(app, argc, argv)) return *code;
  if (arguments.policy.empty() && arguments.resume) {
    return releaseBrake(access.client(), arguments);
  }
  auto user = access.user();
  if (!user) return refused(user.error());
  return arguments.policy.empty() ? pullBrake(access.client(), arguments, *user)
                                  : changePolicy(access.client(), arguments, *user);
}

}  // namespace firebreak
