#include "sensor/containers.h"

namespace firebreak::sensor {

std::shared_ptr<Containers::Container> Containers::at(const PodPlace& place) {
  auto& container = all_[{place.podUid, place.containerId}];
  if (!container) container = std::make_shared<Container>(Container{place, std::nullopt, 0, 0});
  return container;
}

bool Containers::mayHaveRun(Container& container, uint64_t round, uint64_t now) const {
  if (container.read != now) {
    const std::optional<uint64_t> usage = cgroups_.cpuUsage(container.place);
    // What cannot be read may have run.
    if (!usage || usage != container.usage) container.changed = now;
    container.usage = usage;
    container.read = now;
  }
  return container.changed > round;
}

void Containers::forgetUnheld() {
  std::erase_if(all_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace firebreak::sensor
