#include "api/shared_bytes.h"

#include <mutex>
#include <unordered_map>

namespace firebreak {
namespace {

// The keys are the bytes of the values, which live until forget() took them out.
struct Table {
  std::mutex mutex;
  std::unordered_map<std::string_view, std::weak_ptr<const SharedBytes>> known;
};

Table& table() {
  static Table* instance = new Table();  // never destroyed: values may go after main
  return *instance;
}

void forget(const SharedBytes* gone) {
  {
    Table& all = table();
    std::lock_guard lock(all.mutex);
    // Somebody may have shared the same bytes anew since the last holder went.
    auto it = all.known.find(gone->bytes);
    if (it != all.known.end() && it->second.expired()) all.known.erase(it);
  }
  delete gone;
}

}  // namespace

std::shared_ptr<const SharedBytes> shareBytes(std::string_view bytes) {
  Table& all = table();
  std::shared_ptr<const SharedBytes> found;
  std::lock_guard lock(all.mutex);
  if (auto it = all.known.find(bytes); it != all.known.end()) {
    if ((found = it->second.lock())) return found;
    all.known.erase(it);
  }
  found.reset(new SharedBytes{std::string(bytes), {}}, &forget);
  all.known.emplace(found->bytes, found);
  return found;
}

size_t countSharedBytes() {
  Table& all = table();
  std::lock_guard lock(all.mutex);
  return all.known.size();
}

}  // namespace firebreak
