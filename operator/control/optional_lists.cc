#include "control/optional_lists.h"

namespace firebreak::control {

Result<std::vector<Json>> OptionalLists::list(const kube::ResourceType& type,
                                              const std::string& ns) {
  constexpr std::chrono::seconds kLookAgain{60};
  std::vector<Json> items;
  const std::string key = kube::apiVersionOf(type) + "/" + std::string(type.plural);
  {
    std::lock_guard lock(mutex_);
    auto absent = absentSince_.find(key);
    if (absent != absentSince_.end() && clock_.mono() - absent->second < kLookAgain) return items;
  }
  auto list = client_.list(type, type.namespaced ? ns : "");
  const bool absent = !list && list.error().code == ErrorCode::kNotFound;
  if (!list && !absent) return tl::unexpected(list.error());
  if (absent) {
    std::lock_guard lock(mutex_);
    absentSince_[key] = clock_.mono();
    return items;
  }
  for (Json& item : (*list)["items"]) {
    item["apiVersion"] = kube::apiVersionOf(type);
    item["kind"] = type.kind;
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace firebreak::control
