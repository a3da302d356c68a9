// ReadScope: while one exists, what its thread gets or lists by a Client is kept for a moment, so that somebody who
// decides step by step what to do does not ask for the same thing at each step. It begins anew with every write,
// except of what the scope was told that nobody reads. Values of Secrets are never kept.
//
// What is read may so be a second old, which it may be in any case by the time that it is acted on: writes have to
// carry preconditions. One at a time in a thread; used by the thread that made it alone.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firebreak/result.h"

namespace firebreak::kube {

class ReadScope {
 public:
  static constexpr std::chrono::milliseconds kMostAge{1000};
  static constexpr size_t kMostBytes = 1 << 20;

  // `unread`: beginnings of paths ("/apis/events.k8s.io/"); a write below them leaves what was read as it is.
  explicit ReadScope(std::vector<std::string> unread);
  ~ReadScope();
  ReadScope(const ReadScope&) = delete;
  ReadScope& operator=(const ReadScope&) = delete;

  // This thread's; null where it has none.
  static ReadScope* current();
  // Of this thread's scope, where it has one: what comes next is read anew.
  static void forget();

  // For Client. The answer, a body or that there is no such object; nullopt where it has to be asked for.
  std::optional<Result<std::string>> find(const std::string& accept, const std::string& path) const;
  void keep(const std::string& accept, const std::string& path, const Result<std::string>& answer);
  void written(std::string_view path);

 private:
  struct Kept {
    Result<std::string> answer;
    std::chrono::steady_clock::time_point at;
  };

  const std::vector<std::string> unread_;
  std::map<std::pair<std::string, std::string>, Kept> kept_;
  size_t bytes_ = 0;
};

}  // namespace firebreak::kube
