#include "api/policy_json.h"

#include <algorithm>

#include "api/enums.h"
#include "api/selector.h"
#include "base/time_format.h"
#include "firebreak/remediation.h"

namespace firebreak {
namespace {

tl::unexpected<Error> bad(const std::string& path, const std::string& why) {
  return fail(ErrorCode::kInvalid, path + ": " + why);
}

Status readMode(const Json& json, const std::string& path, Mode* out) {
  if (json.is_null()) return {};
  if (!parse(stringOr(json), out)) {
    return bad(path, "must be Disabled, Audit, Approve or Enforce");
  }
  return {};
}

Status readFamilyMode(const Json& json, const std::string& path, std::optional<Mode>* out) {
  if (json.is_null()) return {};
  Mode mode = Mode::kAudit;
  if (auto read = readMode(json, path, &mode); !read) return read;
  *out = mode;
  return {};
}

// A whole number in [low, high]; absent keeps the default.
template <typename Int>
Status readNumber(const Json& json, const std::string& path, int64_t low, int64_t high, Int* out) {
  if (json.is_null()) return {};
  if (!json.is_number_integer()) return bad(path, "must be a whole number");
  auto value = json.get<int64_t>();
  if (value < low || value > high) {
    return bad(path, "must be from " + std::to_string(low) + " to " + std::to_string(high));
  }
  *out = static_cast<Int>(value);
  return {};
}

Status readActions(const Json& json, const std::string& path, Family family,
                   std::set<std::string>* out) {
  if (json.is_null()) return {};
  out->clear();
  for (const std::string& action : stringsOf(json)) {
    const auto& known = knownActions(family);
    if (std::find(known.begin(), known.end(), action) == known.end()) {
      return bad(path, "\"" + action + "\" is not an action of this family");
    }
    if (!out->insert(action).second) return bad(path, "\"" + action + "\" is listed twice");
  }
  return {};
}

Status readExclusion(const Json& json, const std::string& path, Exclusion* out) {
  out->name = stringOr(member(json, "name"));
  out->namespaces = stringsOf(member(json, "namespaces"));
  out->reason = stringOr(member(json, "reason"));
  auto selector = selectorFromJson(member(json, "selector"), path + ".selector");
  if (!selector) return tl::unexpected(selector.error());
  out->selector = *selector;
  if (const Json& ns = member(json, "namespaceSelector"); !ns.is_null()) {
    auto parsed = selectorFromJson(ns, path + ".namespaceSelector");
    if (!parsed) return tl::unexpected(parsed.error());
    out->namespaceSelector = *parsed;
  }
  if (out->namespaces.empty() && !out->namespaceSelector) {
    return bad(path, "needs namespaces or namespaceSelector (labels alone never exclude)");
  }
  if (const Json& expires = member(json, "expiresAt"); !expires.is_null()) {
    out->expiresAt = parseTime(stringOr(expires));
    if (!out->expiresAt) return bad(path + ".expiresAt", "is not an RFC 3339 time");
  }
  return {};
}

constexpr int64_t kMax = INT32_MAX;

Status readDashboards(const Json& json, DashboardsSpec* out) {
  const std::string path = "spec.dashboards";
  if (auto read = readFamilyMode(member(json, "mode"), path + ".mode", &out->mode); !read)
    return read;
  std::string reach = stringOr(member(json, "minReach"), "Published");
  if (reach != "Published" && reach != "Cluster") {
    return bad(path + ".minReach", "must be Published or Cluster");
  }
  out->clusterReach = reach == "Cluster";
  const Json& probe = member(json, "probe");
  if (auto read = readNumber(member(probe, "intervalSeconds"), path + ".probe.intervalSeconds", 0,
                             kMax, &out->probeIntervalSeconds);
      !read)
    return read;
  if (auto read = readNumber(member(probe, "timeoutSeconds"), path + ".probe.timeoutSeconds", 1, 30,
                             &out->probeTimeoutSeconds);
      !read)
    return read;
  if (member(json, "allowFrom").is_array()) out->allowFrom = member(json, "allowFrom");
  if (member(json, "products").is_array()) out->products = member(json, "products");
  return readActions(member(json, "actions"), path + ".actions", Family::kOpenDashboard,
                     &out->actions);
}

Status readSecrets(const Json& json, SecretsSpec* out) {
  const std::string path = "spec.secrets";
  if (auto read = readFamilyMode(member(json, "mode"), path + ".mode", &out->mode); !read)
    return read;
  if (auto read = readNumber(member(json, "keepPreviousSeconds"), path + ".keepPreviousSeconds", 0,
                             kMax, &out->keepPreviousSeconds);
      !read)
    return read;
  if (member(json, "rotators").is_array()) out->rotators = member(json, "rotators");
  // The planner reads them with each rotator.
  const Json& windows = member(json, {"restart", "windows"});
  for (Json& rotator : out->rotators) {
    if (windows.is_array() && !windows.empty()) rotator["restartWindows"] = windows;
  }
  return readNumber(member(json, {"restart", "maxConcurrent"}), path + ".restart.maxConcurrent", 0,
                    kMax, &out->restartMaxConcurrent);
}

Status readMiners(const Json& json, MinersSpec* out) {
  const std::string path = "spec.miners";
  if (auto read = readFamilyMode(member(json, "mode"), path + ".mode", &out->mode); !read)
    return read;
  if (auto read = readNumber(member(json, "threshold"), path + ".threshold", 0, 100,
                             &out->threshold);
      !read)
    return read;
  if (auto read = readNumber(member(json, "observeSeconds"), path + ".observeSeconds", 0, kMax,
                             &out->observeSeconds);
      !read)
    return read;
  if (auto read = readNumber(member(json, "keepQuarantinedSeconds"),
                             path + ".keepQuarantinedSeconds", 0, kMax,
                             &out->keepQuarantinedSeconds);
      !read)
    return read;
  const Json& signatures = member(json, "signatures");
  out->poolDomains = stringsOf(member(signatures, "poolDomains"));
  out->wallets = stringsOf(member(signatures, "wallets"));
  out->images = stringsOf(member(signatures, "images"));
  out->processes = stringsOf(member(signatures, "processes"));
  return readActions(member(json, "actions"), path + ".actions", Family::kMiner, &out->actions);
}

Status readLimits(const Json& spec, SecurityPolicy* out) {
  struct Field {
    Json::json_pointer pointer;
    const char* path;
    int64_t low, high;
    int64_t SecurityPolicy::*target;
  };
  static const Field kFields[] = {
      {Json::json_pointer("/priority"), "spec.priority", INT32_MIN, kMax,
       &SecurityPolicy::priority},
      {Json::json_pointer("/limits/maxConcurrent"), "spec.limits.maxConcurrent", 0, kMax,
       &SecurityPolicy::maxConcurrent},
      {Json::json_pointer("/limits/maxPerHour"), "spec.limits.maxPerHour", 0, kMax,
       &SecurityPolicy::maxPerHour},
      {Json::json_pointer("/limits/maxPercentOfOwner"), "spec.limits.maxPercentOfOwner", 0, 100,
       &SecurityPolicy::maxPercentOfOwner},
      {Json::json_pointer("/breaker/failures"), "spec.breaker.failures", 0, kMax,
       &SecurityPolicy::breakerFailures},
      {Json::json_pointer("/breaker/windowSeconds"), "spec.breaker.windowSeconds", 0, kMax,
       &SecurityPolicy::breakerWindowSeconds},
      {Json::json_pointer("/breaker/cooldownSeconds"), "spec.breaker.cooldownSeconds", 0, kMax,
       &SecurityPolicy::breakerCooldownSeconds},
      {Json::json_pointer("/approval/expireSeconds"), "spec.approval.expireSeconds", 0, kMax,
       &SecurityPolicy::approvalExpireSeconds},
      {Json::json_pointer("/cooldownSeconds"), "spec.cooldownSeconds", 0, kMax,
       &SecurityPolicy::cooldownSeconds},
      {Json::json_pointer("/contendAfter"), "spec.contendAfter", 0, kMax,
       &SecurityPolicy::contendAfter},
      {Json::json_pointer("/historyLimit"), "spec.historyLimit", 0, kMax,
       &SecurityPolicy::historyLimit}};
  for (const Field& field : kFields) {
    if (!spec.contains(field.pointer)) continue;
    if (auto read = readNumber(spec.at(field.pointer), field.path, field.low, field.high,
                               &(out->*field.target));
        !read)
      return read;
  }
  return {};
}

}  // namespace

const std::vector<std::string_view>& knownActions(Family family) {
  static const std::vector<std::string_view> kDashboards = {
      "RestrictIngress", "Unpublish", "DetachRoutes", "RevokeClusterAdmin", "ScaleToZero"};
  static const std::vector<std::string_view> kMiners = {"Isolate", "Freeze", "CutConnections",
                                                        "Drop", "CaptureEvidence", "Terminate",
                                                        "StopOwner", "BlockImage"};
  static const std::vector<std::string_view> kSecrets = {"Rotate"};
  switch (family) {
    case Family::kOpenDashboard:
      return kDashboards;
    case Family::kMiner:
      return kMiners;
    case Family::kExposedSecret:
      return kSecrets;
  }
  return kSecrets;
}

Mode SecurityPolicy::modeOf(Family family) const {
  const std::optional<Mode>* own = nullptr;
  switch (family) {
    case Family::kOpenDashboard:
      own = &dashboards.mode;
      break;
    case Family::kExposedSecret:
      own = &secrets.mode;
      break;
    case Family::kMiner:
      own = &miners.mode;
      break;
  }
  return own != nullptr && own->has_value() ? **own : mode;
}

Result<SecurityPolicy> policyFromJson(const Json& object) {
  SecurityPolicy policy;
  const Json& meta = member(object, "metadata");
  policy.name = stringOr(member(meta, "name"));
  policy.uid = stringOr(member(meta, "uid"));
  policy.generation = intOr(member(meta, "generation"), 0);
  policy.created = parseTime(stringOr(member(meta, "creationTimestamp"))).value_or(WallTime{});
  policy.deleting = !member(meta, "deletionTimestamp").is_null();
  policy.deletedAt = parseTime(stringOr(member(meta, "deletionTimestamp")));
  for (const std::string& finalizer : stringsOf(member(meta, "finalizers"))) {
    policy.held = policy.held || finalizer == kUndoFinalizer;
  }

  const Json& spec = member(object, "spec");
  if (!spec.is_object()) return bad("spec", "must be an object");
  if (auto read = readMode(member(spec, "mode"), "spec.mode", &policy.mode); !read)
    return tl::unexpected(read.error());
  auto selector = selectorFromJson(member(spec, "namespaceSelector"), "spec.namespaceSelector");
  if (!selector) return tl::unexpected(selector.error());
  policy.namespaceSelector = *selector;
  const Json& excludes = member(spec, "exclude");
  for (size_t i = 0; i < excludes.size(); ++i) {
    Exclusion exclusion;
    auto read = readExclusion(excludes[i], "spec.exclude[" + std::to_string(i) + "]", &exclusion);
    if (!read) return tl::unexpected(read.error());
    policy.exclude.push_back(std::move(exclusion));
  }
  for (auto read : {readDashboards(member(spec, "dashboards"), &policy.dashboards),
                    readSecrets(member(spec, "secrets"), &policy.secrets),
                    readMiners(member(spec, "miners"), &policy.miners),
                    readLimits(spec, &policy)}) {
    if (!read) return tl::unexpected(read.error());
  }
  policy.pauseRequests = stringsOf(member(spec, "pauseRequests"));
  policy.revertOnDelete = stringOr(member(spec, "onDelete"), "Keep") == "Revert";
  return policy;
}

}  // namespace firebreak
