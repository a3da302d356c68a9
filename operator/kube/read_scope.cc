#include "kube/read_scope.h"

#include <algorithm>
#include <cstdlib>

namespace firebreak::kube {
namespace {

thread_local ReadScope* ofThisThread = nullptr;

}  // namespace

ReadScope::ReadScope(std::vector<std::string> unread) : unread_(std::move(unread)) {
  if (ofThisThread != nullptr) std::abort();  // the inner one would end the outer one's
  ofThisThread = this;
}

ReadScope::~ReadScope() { ofThisThread = nullptr; }

ReadScope* ReadScope::current() { return ofThisThread; }

void ReadScope::forget() {
  if (ofThisThread == nullptr) return;
  ofThisThread->kept_.clear();
  ofThisThread->bytes_ = 0;
}

std::optional<Result<std::string>> ReadScope::find(const std::string& accept, const std::string& path) const {
  const auto kept = kept_.find({accept, path});
  const bool fresh = kept != kept_.end() && std::chrono::steady_clock::now() - kept->second.at < kMostAge;
  return fresh ? std::optional(kept->second.answer) : std::nullopt;
}

void ReadScope::keep(const std::string& accept, const std::string& path, const Result<std::string>& answer) {
  if (!answer && answer.error().code != ErrorCode::kNotFound) return;
  const size_t bytes = answer ? answer->size() : 0;
  if (bytes_ + bytes > kMostBytes) return;
  bytes_ += bytes;
  kept_.insert_or_assign({accept, path}, Kept{answer, std::chrono::steady_clock::now()});
}

void ReadScope::written(std::string_view path) {
  const bool unread = std::any_of(unread_.begin(), unread_.end(),
                                  [&](const std::string& beginning) { return path.starts_with(beginning); });
  if (!unread) forget();
}

}  // namespace firebreak::kube
