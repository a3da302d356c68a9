#include "control/image_block.h"

#include <algorithm>
#include <set>

namespace firebreak::control {
namespace {

bool hasEnded(const Pod& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

}  // namespace

std::vector<std::string> imagesToBlock(const World& world, const Json& pod, const std::string& podUid,
                                       const Sighting& sighting) {
  const bool came = std::any_of(sighting.signals.begin(), sighting.signals.end(),
                                [](const Evidence& e) { return e.signal == "image-executable"; });
  if (!came) return {};
  std::string image, digest;
  for (const Json& status : member(pod, {"status", "containerStatuses"})) {
    if (!stringOr(member(status, "containerID")).ends_with("//" + sighting.containerId)) continue;
    digest = stringOr(member(status, "imageID"));
    for (const Json& container : member(pod, {"spec", "containers"})) {
      if (member(container, "name") == member(status, "name")) image = stringOr(member(container, "image"));
    }
  }
  if (image.empty()) return {};
  std::set<std::string> flagged = {podUid};
  for (const auto& other : world.remediations.snapshot()) {
    if (other->family == Family::kMiner) flagged.insert(other->target.uid);
  }
  for (const auto& other : world.pods.snapshot()) {
    if (!other->spec || hasEnded(*other) || flagged.contains(other->meta.uid)) continue;
    for (const Container& container : other->spec->containers) {
      if (container.image == image) return {};
    }
  }
  std::vector<std::string> images = {image};
  if (digest.find("@sha256:") != std::string::npos) images.push_back(digest);
  return images;
}

}  // namespace firebreak::control
