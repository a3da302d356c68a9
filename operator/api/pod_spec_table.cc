// The table of equal pod specs: pods of one template share one PodSpec, which is most of a pod.
#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "api/pod_spec_projection.h"
#include "base/digest.h"

namespace firebreak {
namespace {

// A byte string that is equal exactly where two specs are: lengths before contents.
class Canonical {
 public:
  void add(std::string_view text) {
    add(text.size());
    bytes_.append(text);
  }
  void add(size_t number) { bytes_ += std::to_string(number) + ':'; }
  void add(int32_t number) { bytes_ += std::to_string(number) + ':'; }
  void add(bool flag) { bytes_ += flag ? '1' : '0'; }
  void add(const std::string& text) { add(std::string_view(text)); }
  void add(const EnvVar& env) {
    each(static_cast<int32_t>(env.source), env.name, env.value, env.refName, env.refKey);
  }
  void add(const EnvFrom& from) {
    each(static_cast<int32_t>(from.source), from.refName, from.prefix);
  }
  void add(const ContainerPort& port) {
    each(port.name, port.port, port.hostPort, port.hostIP, port.protocol);
  }
  void add(const VolumeMount& mount) { each(mount.volume, mount.path, mount.subPath); }
  void add(const ExecHook& hook) { each(hook.fieldPath, hook.command); }
  void add(const std::pair<std::string, std::string>& item) { each(item.first, item.second); }
  void add(const VolumeSource& source) {
    each(static_cast<int32_t>(source.kind), source.name, source.items);
  }
  void add(const Volume& volume) { each(volume.name, volume.sources); }
  void add(const Container& c) {
    each(static_cast<int32_t>(c.role), c.fieldPath, c.name, c.image, c.workingDir, c.command,
         c.args, c.env, c.envFrom, c.ports, c.mounts, c.hooks, c.privileged, c.addedCapabilities,
         c.cpuLimit);
  }
  void add(const PodSpec& spec) {
    each(spec.containers, spec.volumes, spec.serviceAccount, spec.hostNetwork, spec.hostPID,
         spec.imagePullSecrets);
  }
  template <class T>
  void add(const std::vector<T>& list) {
    add(list.size());
    for (const T& item : list) add(item);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <class... T>
  void each(const T&... parts) {
    (add(parts), ...);
  }
  std::string bytes_;
};

// The API server's own volume has five random characters at its end.
void dropRandomNames(PodSpec* spec) {
  static constexpr std::string_view kPrefix = "kube-api-access-";
  const auto rename = [](std::string* name) {
    if (name->starts_with(kPrefix)) name->resize(kPrefix.size() - 1);
  };
  for (Volume& volume : spec->volumes) rename(&volume.name);
  for (Container& container : spec->containers) {
    for (VolumeMount& mount : container.mounts) rename(&mount.volume);
  }
}

struct Table {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<const PodSpec>> specs;
  size_t sweepAt = 256;  // entries whose pods are gone are removed when it has grown to this
};

Table& table() {
  static Table instance;
  return instance;
}

}  // namespace

std::shared_ptr<const PodSpec> internPodSpec(PodSpec spec) {
  dropRandomNames(&spec);
  Canonical canonical;
  canonical.add(spec);
  std::string digest = sha256Hex(canonical.bytes());
  Table& shared = table();
  std::lock_guard lock(shared.mutex);
  auto& slot = shared.specs[std::move(digest)];
  if (auto known = slot.lock()) return known;
  // Not make_shared: the weak_ptr in the table would keep the whole block.
  std::shared_ptr<const PodSpec> fresh(new PodSpec(std::move(spec)));
  slot = fresh;
  if (shared.specs.size() >= shared.sweepAt) {
    std::erase_if(shared.specs, [](const auto& entry) { return entry.second.expired(); });
    shared.sweepAt = std::max<size_t>(256, shared.specs.size() * 2);
  }
  return fresh;
}

size_t countInternedPodSpecs() {
  Table& shared = table();
  std::lock_guard lock(shared.mutex);
  size_t alive = 0;
  for (const auto& [digest, spec] : shared.specs) alive += spec.expired() ? 0U : 1U;
  return alive;
}

}  // namespace firebreak
