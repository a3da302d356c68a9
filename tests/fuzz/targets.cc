#include "fuzz/targets.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/projection.h"
#include "kube/api_status.h"
#include "kube/config.h"
#include "kube/exec_plugin.h"
#include "kube/json_prefix.h"
#include "kube/list_page.h"
#include "kube/object_identity.h"
#include "kube/watch_line.h"

namespace firebreak::fuzz {
namespace {

using Lines = std::vector<std::string>;

void require(bool holds) {
  if (!holds) std::abort();
}

Lines linesOf(std::string_view bytes, size_t limit, size_t chunk) {
  kube::LineFramer framer(limit);
  Lines lines;
  while (!bytes.empty()) {
    framer.feed(bytes.substr(0, chunk), [&](std::string_view line, bool whole) {
      require(line.size() <= limit);
      lines.push_back(std::string(line) + (whole ? "" : "\ncut"));
      return true;
    });
    bytes.remove_prefix(std::min(chunk, bytes.size()));
  }
  return lines;
}

}  // namespace

void framer(std::string_view input) {
  if (input.size() < 2) return;
  const size_t limit = 1 + static_cast<uint8_t>(input[0]) * size_t{16};
  const size_t chunk = 1 + static_cast<uint8_t>(input[1]);
  input.remove_prefix(2);
  const Lines lines = linesOf(input, limit, chunk);
  require(lines == linesOf(input, limit, 1));
  require(lines == linesOf(input, limit, input.size() + 1));
  kube::PaddedJson space;
  for (const std::string& line : lines) {
    if (auto event = kube::readWatchLine(space, line)) {
      static_cast<void>(kube::identityOf(event->object));
    }
    static_cast<void>(kube::readWatchLine(space, kube::closeJsonPrefix(line)));
    // The beginning of what is JSON stays JSON.
    if (line.size() > 2048 || !nlohmann::json::accept(line)) continue;
    const std::string closed = kube::closeJsonPrefix(line.substr(0, line.size() * chunk / 256));
    require(closed.empty() || nlohmann::json::accept(closed));
  }
}

void projection(std::string_view input) {
  static_cast<void>(projectPod(input));
  static_cast<void>(projectPodSpec(input));
  static_cast<void>(projectWorkload(input));
  static_cast<void>(projectTemplateAt(input, "spec.workers[0].template"));
  static_cast<void>(projectService(input));
  static_cast<void>(projectIngress(input));
  static_cast<void>(projectConfigMap(input));
  static_cast<void>(projectNode(input));
  static_cast<void>(projectMeta(input));
  static_cast<void>(kube::identityOf(input));
  kube::PaddedJson space;
  static_cast<void>(kube::readListPage(space, input, [](std::string_view object) {
    static_cast<void>(kube::identityOf(object));
    static_cast<void>(projectPod(object));
  }));
}

void kubeconfig(std::string_view input) {
  static_cast<void>(kube::parseExecCredential(std::string(input), "plugin"));
  static const int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, input.data(), input.size(), 0) != static_cast<ssize_t>(input.size())) {
    std::abort();
  }
  auto config = kube::loadKubeconfig(path, "");
  require(config ? !config->server.empty() : !config.error().message.empty());
}

void status(std::string_view input) {
  const auto parsed = kube::parseApiStatus(input, 500);
  require(parsed.code >= 0 && parsed.code <= 999 && parsed.retryAfter.count() >= 0);
  const Error error = kube::toError(parsed, "get Pod shop/web");
  require(error.message.starts_with("get Pod shop/web: "));
}

}  // namespace firebreak::fuzz
