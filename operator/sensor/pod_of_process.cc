#include "sensor/pod_of_process.h"

#include <algorithm>
#include <array>
#include <span>

namespace firebreak::sensor {
namespace {

using Parts = std::vector<std::string_view>;

Parts split(std::string_view path) {
  Parts parts;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (!part.empty()) parts.push_back(part);
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return parts;
}

bool isHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool isUid(std::string_view text, char separator) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != separator : !isHex(text.substr(i, 1))) return false;
  }
  return true;
}

// "pod<uid>" (cgroupfs), "kubepods-burstable-pod<uid with underscores>.slice" (systemd).
std::optional<std::string> podUidOf(std::string_view part) {
  if (part.ends_with(".slice")) {
    part.remove_suffix(6);
    const size_t at = part.rfind("-pod");
    if (at == part.npos) return std::nullopt;
    part.remove_prefix(at + 1);
  }
  if (!part.starts_with("pod")) return std::nullopt;
  part.remove_prefix(3);
  if (part.size() == 32 && isHex(part)) return std::string(part);
  if (!isUid(part, '-') && !isUid(part, '_')) return std::nullopt;
  std::string uid(part);
  std::replace(uid.begin(), uid.end(), '_', '-');
  return uid;
}

std::string containerIdOf(std::string_view part) {
  constexpr std::array<std::string_view, 3> kRuntimes = {"cri-containerd-", "crio-", "docker-"};
  for (const std::string_view runtime : kRuntimes) {
    if (part.starts_with(runtime)) part.remove_prefix(runtime.size());
  }
  if (part.ends_with(".scope")) part.remove_suffix(6);
  return part.size() == 64 && isHex(part) ? std::string(part) : std::string();
}

// What a kubelet puts first below its root: kubepods, kubepods.slice, and with a named root
// (kind) kubelet/kubepods or kubelet.slice/kubelet-kubepods.slice.
bool startsKubepods(std::string_view part) {
  constexpr std::array<std::string_view, 4> kNames = {"kubepods", "kubepods.slice", "kubelet",
                                                      "kubelet.slice"};
  return std::find(kNames.begin(), kNames.end(), part) != kNames.end();
}

bool isQualityOfService(std::string_view part) {
  return part == "besteffort" || part == "burstable" || part.ends_with("-besteffort.slice") ||
         part.ends_with("-burstable.slice");
}

std::optional<PodPlace> placeIn(std::span<const std::string_view> parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    auto uid = podUidOf(parts[i]);
    if (!uid) continue;
    return PodPlace{std::move(*uid), i + 1 < parts.size() ? containerIdOf(parts[i + 1]) : ""};
  }
  return std::nullopt;
}

// The part of a path that lies below this node's root; nullopt where it lies elsewhere.
std::optional<std::span<const std::string_view>> below(std::span<const std::string_view> parts,
                                                       const CgroupRoot& root) {
  if (!parts.empty() && parts[0] == "..") {
    // A reader in a cgroup namespace of its own: what it shares with the other path is cut off. The
    // reader is a pod of this node, so that its neighbours print from the QoS class on at the latest.
    while (!parts.empty() && parts[0] == "..") parts = parts.subspan(1);
    const bool near = !parts.empty() && (startsKubepods(parts[0]) || isQualityOfService(parts[0]) ||
                                         podUidOf(parts[0]).has_value());
    if (!near) return std::nullopt;
    return parts;
  }
  if (parts.size() <= root.size() || !std::equal(root.begin(), root.end(), parts.begin())) {
    return std::nullopt;
  }
  parts = parts.subspan(root.size());
  if (!startsKubepods(parts[0])) return std::nullopt;
  return parts;
}

// Calls `visit` with the path of each line ("4:memory:/path", "0::/path") until it says true.
template <typename Visit>
void eachPath(std::string_view text, Visit visit) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    if (visit(split(line.substr(second + 1)))) return;
  }
}

}  // namespace

CgroupRoot parseCgroupRoot(std::string_view path) {
  CgroupRoot root;
  for (const std::string_view part : split(path)) root.emplace_back(part);
  return root;
}

CgroupRoot rootOfSelf(std::string_view selfCgroupText) {
  CgroupRoot root;
  eachPath(selfCgroupText, [&root](const Parts& parts) {
    const auto kubepods = std::find_if(parts.begin(), parts.end(), startsKubepods);
    if (kubepods == parts.end() || parts.front() == "..") return false;
    root.assign(parts.begin(), kubepods);
    return true;
  });
  return root;
}

std::optional<PodPlace> podOfProcess(std::string_view cgroupText, const CgroupRoot& root) {
  std::optional<PodPlace> found;
  eachPath(cgroupText, [&](const Parts& parts) {
    if (const auto inside = below(parts, root)) found = placeIn(*inside);
    return found.has_value();
  });
  return found;
}

std::optional<PodPlace> podOfAnyRoot(std::string_view cgroupText) {
  std::optional<PodPlace> found;
  eachPath(cgroupText, [&](const Parts& parts) {
    found = placeIn(parts);
    return found.has_value();
  });
  return found;
}

bool isApiUid(std::string_view uid) { return isUid(uid, '-'); }

}  // namespace firebreak::sensor
