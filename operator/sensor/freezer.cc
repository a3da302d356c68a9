#include "sensor/freezer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sensor/netns_child.h"
#include "sensor/procfs.h"

namespace firebreak::sensor {
namespace {

// Freezing takes milliseconds; a process that is stuck in the kernel takes as long as it likes.
constexpr int kAttempts = 300;
constexpr int kMillisBetween = 10;

Status writeFile(const std::string& path, std::string_view text) {
  const OwnedFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kForbidden;
    return fail(code, "write " + path + ": " + std::strerror(errno));
  }
  return {};
}

}  // namespace

std::optional<Freezer::Control> Freezer::controlOf(std::string_view podUid) const {
  // v1 where both are there: it holds what it has against SIGKILL, and evidence with it.
  if (const auto folder = cgroups_.controllerFolder("freezer", podUid)) {
    const std::string file = *folder + "/freezer.state";
    return Control{file, "FROZEN", "THAWED", file, "FROZEN"};
  }
  if (const auto folder = cgroups_.unifiedFolder(podUid)) {
    return Control{*folder + "/cgroup.freeze", "1", "0", *folder + "/cgroup.events", "frozen 1"};
  }
  return std::nullopt;
}

bool Freezer::holdsKills(std::string_view podUid) const {
  return cgroups_.controllerFolder("freezer", podUid).has_value();
}

Result<bool> Freezer::frozen(std::string_view podUid) const {
  const auto control = controlOf(podUid);
  if (!control) return fail(ErrorCode::kNotFound, "the pod has no cgroup on this node");
  const auto text = readFile(control->stateFile, 4096);
  if (!text) return tl::unexpected<Error>(text.error());
  return text->find(control->frozenText) != text->npos;
}

Result<bool> Freezer::freeze(std::string_view podUid) const {
  const auto control = controlOf(podUid);
  if (!control) return fail(ErrorCode::kNotFound, "the pod has no cgroup on this node");
  if (auto wrote = writeFile(control->file, control->freeze); !wrote) {
    return tl::unexpected<Error>(wrote.error());
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto done = frozen(podUid);
    if (!done || *done) return done;
    poll(nullptr, 0, kMillisBetween);
  }
  return false;
}

Status Freezer::thaw(std::string_view podUid) const {
  const auto control = controlOf(podUid);
  if (!control) return {};  // gone with its pod
  return writeFile(control->file, control->thaw);
}

}  // namespace firebreak::sensor
