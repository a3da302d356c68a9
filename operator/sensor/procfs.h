// ProcFs: the one way in which the sensor reads processes. A root path, so that a test can put a
// made-up tree (or a broken one) in its place. Entries vanish at any time: an absent file is
// kNotFound and no reason to log. Owned by the sensor's main; const and safe from any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "firebreak/result.h"

namespace firebreak::sensor {

class ProcFs {
 public:
  explicit ProcFs(std::string root = "/proc");

  // Every process there is right now, in no order.
  Result<std::vector<pid_t>> pids() const;
  // A file of a process, "stat" or "net/tcp"; what is beyond `limit` bytes is left out.
  Result<std::string> read(pid_t pid, std::string_view file, size_t limit = 65536) const;
  // Its threads, at most `limit` of them, in no order.
  std::vector<pid_t> threads(pid_t pid, size_t limit) const;
  // A link of a process, "exe" or "ns/net".
  Result<std::string> link(pid_t pid, std::string_view name) const;
  // Targets of all descriptors ("socket:[4711]"); those that cannot be read are left out.
  std::vector<std::string> descriptors(pid_t pid) const;
  // A file that belongs to no process: "uptime", "self/cgroup".
  Result<std::string> readTop(std::string_view file, size_t limit = 65536) const;

  std::string path(pid_t pid, std::string_view file) const;
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

// A whole file, at most `limit` bytes of it; kNotFound where it or its process is gone.
Result<std::string> readFile(const std::string& path, size_t limit);

}  // namespace firebreak::sensor
