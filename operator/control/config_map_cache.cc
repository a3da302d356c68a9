#include "control/config_map_cache.h"

#include <algorithm>

#include "api/projection.h"
#include "base/json.h"
#include "base/time_format.h"
#include "detect/miners/miner_config.h"

namespace firebreak::control {
namespace {

constexpr std::chrono::minutes kFresh{1};
constexpr std::chrono::minutes kHarmlessFor{10};
constexpr size_t kMostKept = 256;
constexpr size_t kMostHarmless = 16384;

bool holdsMinerConfig(const StringMap& data) {
  return std::any_of(data.begin(), data.end(), [](const auto& entry) {
    return detect::parseMinerConfig(entry.second).has_value();
  });
}

WallTime lastChange(const Json& configMap) {
  const Json& meta = member(configMap, "metadata");
  WallTime latest = parseTime(stringOr(member(meta, "creationTimestamp"))).value_or(WallTime::max());
  for (const Json& entry : member(meta, "managedFields")) {
    if (auto time = parseTime(stringOr(member(entry, "time")))) latest = std::max(latest, *time);
  }
  return latest;
}

}  // namespace

// Under the lock. Null = it has to be fetched.
const ConfigMapCache::Entry* ConfigMapCache::known(const std::string& key, Interest interest) {
  static const Entry kNothing;
  const MonoTime now = clock_.mono();
  if (auto found = fetched_.find(key); found != fetched_.end() && now - found->second.at < kFresh) {
    return &found->second.entry;
  }
  auto harmless = harmless_.find(key);
  const bool stillHarmless = harmless != harmless_.end() && now - harmless->second < kHarmlessFor;
  return interest == Interest::kMinerConfig && stillHarmless ? &kNothing : nullptr;
}

ConfigMapCache::Entry ConfigMapCache::get(const std::string& ns, const std::string& name,
                                          Interest interest) {
  const std::string key = ns + '/' + name;
  {
    std::lock_guard lock(mutex_);
    if (const Entry* entry = known(key, interest)) return *entry;
  }
  auto live = client_.get(kube::kConfigMaps, ns, name);
  auto projected = live ? projectConfigMap(dumpJson(*live)) : fail(ErrorCode::kNotFound, "");
  Entry entry;
  bool harmless = live || live.error().code == ErrorCode::kNotFound;
  if (projected) {
    harmless = !holdsMinerConfig(projected->data);
    entry = {std::make_shared<const StringMap>(std::move(projected->data)), lastChange(*live)};
  }
  std::lock_guard lock(mutex_);
  if (harmless) {
    if (harmless_.size() >= kMostHarmless) harmless_.clear();
    harmless_[key] = clock_.mono();
    if (interest == Interest::kMinerConfig) return {};
  }
  if (fetched_.size() >= kMostKept) fetched_.clear();
  fetched_[key] = {clock_.mono(), entry};
  return entry;
}

}  // namespace firebreak::control
