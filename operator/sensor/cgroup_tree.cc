#include "sensor/cgroup_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include "sensor/procfs.h"

namespace firebreak::sensor {
namespace {

namespace fs = std::filesystem;

bool isFolder(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Where kubelets put pods, by cgroup driver and quality of service; %d is the uid with dashes, %u
// with underscores.
constexpr std::array<std::string_view, 12> kPodFolders = {
    "/kubepods/besteffort/pod%d",
    "/kubepods/burstable/pod%d",
    "/kubepods/pod%d",
    "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod%u.slice",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%u.slice",
    "/kubepods.slice/kubepods-pod%u.slice",
    "/kubelet/kubepods/besteffort/pod%d",
    "/kubelet/kubepods/burstable/pod%d",
    "/kubelet/kubepods/pod%d",
    "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
    "kubelet-kubepods-besteffort-pod%u.slice",
    "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
    "kubelet-kubepods-burstable-pod%u.slice",
    "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod%u.slice",
};

std::string fill(std::string_view shape, std::string_view uid) {
  const size_t at = shape.find('%');
  std::string name(uid);
  if (shape[at + 1] == 'u') std::replace(name.begin(), name.end(), '-', '_');
  return std::string(shape.substr(0, at)) + name + std::string(shape.substr(at + 2));
}

// Groups at and below `folder`, at most this deep and this many: a privileged pod makes what it likes.
std::vector<std::string> groupsBelow(const std::string& folder) {
  constexpr size_t kMost = 256;
  constexpr int kDeepest = 6;
  std::vector<std::string> groups = {folder};
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error);
       !error && it != fs::recursive_directory_iterator() && groups.size() < kMost;
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored)) continue;
    groups.push_back(it->path().string());
    if (it.depth() >= kDeepest) it.disable_recursion_pending();
  }
  return groups;
}

uint64_t field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ' ') continue;
    uint64_t value = 0;
    std::from_chars(line.data() + name.size() + 1, line.data() + line.size(), value);
    return value;
  }
  return 0;
}

std::string containerFolder(const std::string& pod, const std::string& containerId) {
  if (containerId.empty()) return pod;
  constexpr std::array<std::string_view, 3> kPrefixes = {"cri-containerd-", "crio-", "docker-"};
  for (const std::string_view prefix : kPrefixes) {
    std::string folder = pod + "/" + std::string(prefix) + containerId + ".scope";
    if (isFolder(folder)) return folder;
  }
  return pod + "/" + containerId;
}

}  // namespace

CgroupTree::CgroupTree(std::string mount, CgroupRoot root) : mount_(std::move(mount)) {
  for (const std::string& part : root) root_ += "/" + part;
  struct stat info = {};
  if (stat((mount_ + "/cgroup.controllers").c_str(), &info) == 0) {
    unified_ = mount_;
  } else if (stat((mount_ + "/unified/cgroup.controllers").c_str(), &info) == 0) {
    unified_ = mount_ + "/unified";
  }
}

std::optional<std::string> CgroupTree::podFolder(const std::string& hierarchy,
                                                 std::string_view podUid) const {
  // The uid becomes part of a path: only what a uid can be.
  const bool plain = std::all_of(podUid.begin(), podUid.end(), [](char c) {
    return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (!plain || podUid.empty()) return std::nullopt;
  for (const std::string_view shape : kPodFolders) {
    std::string folder = hierarchy + root_ + fill(shape, podUid);
    if (isFolder(folder)) return folder;
  }
  return std::nullopt;
}

std::optional<std::string> CgroupTree::unifiedFolder(std::string_view podUid) const {
  if (unified_.empty()) return std::nullopt;
  return podFolder(unified_, podUid);
}

std::optional<std::string> CgroupTree::controllerFolder(std::string_view controller,
                                                        std::string_view podUid) const {
  if (unified_ == mount_) return std::nullopt;  // pure v2
  return podFolder(mount_ + "/" + std::string(controller), podUid);
}

std::optional<CpuStat> CgroupTree::cpuStat(const PodPlace& place) const {
  CpuStat stat;
  bool found = false;
  if (const auto pod = unifiedFolder(place.podUid)) {
    const auto text = readFile(containerFolder(*pod, place.containerId) + "/cpu.stat", 4096);
    if (text) {
      found = true;
      stat.periods = field(*text, "nr_periods");
      stat.throttled = field(*text, "nr_throttled");
    }
  }
  if (const auto pod = controllerFolder("cpu", place.podUid)) {
    const auto text = readFile(containerFolder(*pod, place.containerId) + "/cpu.stat", 4096);
    if (text) {
      found = true;
      stat.periods = field(*text, "nr_periods");
      stat.throttled = field(*text, "nr_throttled");
    }
  }
  if (!found) return std::nullopt;
  return stat;
}

std::optional<uint64_t> CgroupTree::cpuUsage(const PodPlace& place) const {
  if (const auto pod = controllerFolder("cpuacct", place.podUid)) {
    const auto text = readFile(containerFolder(*pod, place.containerId) + "/cpuacct.usage", 64);
    uint64_t nanos = 0;
    if (text && std::from_chars(text->data(), text->data() + text->size(), nanos).ec == std::errc()) return nanos;
  }
  if (const auto pod = unifiedFolder(place.podUid)) {
    const auto text = readFile(containerFolder(*pod, place.containerId) + "/cpu.stat", 4096);
    if (text && text->starts_with("usage_usec ")) return field(*text, "usage_usec");
  }
  return std::nullopt;
}

std::vector<pid_t> CgroupTree::processes(std::string_view podUid) const {
  std::set<pid_t> pids;
  // One hierarchy is enough: every process of a pod is in each of them. A privileged process may
  // have left one, so that those that there are get asked.
  constexpr std::array<std::string_view, 3> kControllers = {"freezer", "pids", "memory"};
  std::vector<std::string> folders;
  if (auto folder = unifiedFolder(podUid)) folders.push_back(std::move(*folder));
  for (const std::string_view controller : kControllers) {
    if (auto folder = controllerFolder(controller, podUid)) folders.push_back(std::move(*folder));
  }
  for (const std::string& folder : folders) {
    for (const std::string& group : groupsBelow(folder)) {
      const auto text = readFile(group + "/cgroup.procs", 1 << 20);
      if (!text) continue;
      std::string_view rest = *text;
      while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        pid_t pid = 0;
        std::from_chars(line.data(), line.data() + line.size(), pid);
        if (pid > 0) pids.insert(pid);
      }
    }
  }
  return {pids.begin(), pids.end()};
}

std::vector<std::string> CgroupTree::pods() const {
  std::set<std::string> uids;
  const CgroupRoot anywhere;
  for (const std::string& hierarchy :
       {unified_, unified_ == mount_ ? std::string() : mount_ + "/freezer"}) {
    if (hierarchy.empty()) continue;
    for (const std::string_view shape : kPodFolders) {
      const std::string_view parent = shape.substr(0, shape.rfind('/'));
      std::error_code error;
      for (const auto& entry :
           fs::directory_iterator(hierarchy + root_ + std::string(parent), error)) {
        const std::string line = "0::" + std::string(parent) + "/" + entry.path().filename().string();
        if (const auto place = podOfProcess(line, anywhere)) uids.insert(place->podUid);
      }
    }
  }
  return {uids.begin(), uids.end()};
}

}  // namespace firebreak::sensor
