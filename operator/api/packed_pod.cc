#include "api/packed_pod.h"

#include <concepts>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

#include "api/packing.h"

namespace firebreak {

// One list of fields per struct. The bindings name every field, so that a new one does not compile
// until it is packed as well.
template <class S, class T>
concept Is = std::same_as<std::remove_const_t<S>, T>;

template <Is<EnvVar> S>
auto fieldsOf(S& env) {
  auto& [name, source, value, refName, refKey] = env;
  return std::tie(name, source, value, refName, refKey);
}
template <Is<EnvFrom> S>
auto fieldsOf(S& from) {
  auto& [source, refName, prefix] = from;
  return std::tie(source, refName, prefix);
}
template <Is<ContainerPort> S>
auto fieldsOf(S& port) {
  auto& [name, number, hostPort, hostIP, protocol] = port;
  return std::tie(name, number, hostPort, hostIP, protocol);
}
template <Is<VolumeMount> S>
auto fieldsOf(S& mount) {
  auto& [volume, path, subPath] = mount;
  return std::tie(volume, path, subPath);
}
template <Is<ExecHook> S>
auto fieldsOf(S& hook) {
  auto& [fieldPath, command] = hook;
  return std::tie(fieldPath, command);
}
template <Is<Container> S>
auto fieldsOf(S& container) {
  auto& [role, fieldPath, name, image, workingDir, command, args, env, envFrom, ports, mounts,
         hooks, privileged, addedCapabilities, cpuLimit] = container;
  return std::tie(role, fieldPath, name, image, workingDir, command, args, env, envFrom, ports,
                  mounts, hooks, privileged, addedCapabilities, cpuLimit);
}
template <Is<VolumeSource> S>
auto fieldsOf(S& source) {
  auto& [kind, name, items] = source;
  return std::tie(kind, name, items);
}
template <Is<Volume> S>
auto fieldsOf(S& volume) {
  auto& [name, sources] = volume;
  return std::tie(name, sources);
}
template <Is<PodSpec> S>
auto fieldsOf(S& spec) {
  auto& [containers, volumes, serviceAccount, hostNetwork, hostPID, imagePullSecrets] = spec;
  return std::tie(containers, volumes, serviceAccount, hostNetwork, hostPID, imagePullSecrets);
}
template <Is<ObjectRef> S>
auto fieldsOf(S& ref) {
  auto& [apiVersion, kind, ns, name, uid] = ref;
  return std::tie(apiVersion, kind, ns, name, uid);
}
template <Is<ContainerStatus> S>
auto fieldsOf(S& status) {
  auto& [name, containerID, running] = status;
  return std::tie(name, containerID, running);
}

// What pods of one template share.
template <Is<ObjectMeta> S>
auto kinOf(S& meta) {
  auto& [ns, name, uid, resourceVersion, labels, annotations, controller, deleting, created] = meta;
  return std::tie(labels, annotations, controller);
}
template <Is<Pod> S>
auto ownOf(S& pod) {
  auto& [meta, spec, node, phase, podIP, hostIP, ready, mirror, statuses] = pod;
  return std::tie(meta.deleting, meta.created, node, phase, podIP, hostIP, ready, mirror, statuses);
}

namespace {

template <class Fields>
std::string pack(const Fields& fields) {
  Packer packer;
  std::apply([&](const auto&... each) { packer.add(each...); }, fields);
  return packer.bytes();
}

template <class Fields>
void unpackTo(std::string_view bytes, Fields fields) {
  Unpacker unpacker(bytes);
  std::apply([&](auto&... each) { unpacker.take(each...); }, fields);
}

// An unpacked spec holds its packed form, so that packing its pod again finds it.
struct FreeSpec {
  std::shared_ptr<const SharedBytes> packed;
  // The packed form has a weak pointer to the spec, which keeps this alive: let go of it here.
  void operator()(const PodSpec* spec) {
    delete spec;
    packed.reset();
  }
};

std::mutex& unpackedMutex() {
  static std::mutex mutex;
  return mutex;
}

std::shared_ptr<const PodSpec> unpackSpec(const std::shared_ptr<const SharedBytes>& packed) {
  std::lock_guard lock(unpackedMutex());
  if (auto spec = packed->unpacked.lock()) return spec;
  auto fresh = std::make_unique<PodSpec>();
  unpackTo(packed->bytes, fieldsOf(*fresh));
  std::shared_ptr<const PodSpec> spec(fresh.release(), FreeSpec{packed});
  packed->unpacked = spec;
  return spec;
}

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

std::shared_ptr<const SharedBytes> packedSpec(const std::shared_ptr<const PodSpec>& spec) {
  if (const auto* known = std::get_deleter<FreeSpec>(spec)) return known->packed;
  return shareBytes(pack(fieldsOf(spec ? *spec : PodSpec{})));
}

}  // namespace

std::shared_ptr<const PodSpec> internPodSpec(PodSpec spec) {
  dropRandomNames(&spec);
  auto packed = shareBytes(pack(fieldsOf(spec)));
  std::lock_guard lock(unpackedMutex());
  if (auto known = packed->unpacked.lock()) return known;
  auto fresh = std::make_unique<PodSpec>(std::move(spec));
  std::shared_ptr<const PodSpec> shared(fresh.release(), FreeSpec{packed});
  packed->unpacked = shared;
  return shared;
}

PackedPod::PackedPod(const Pod& pod)
    : spec_(packedSpec(pod.spec)), kin_(shareBytes(pack(kinOf(pod.meta)))), own_(pack(ownOf(pod))) {
  own_.shrink_to_fit();
}

bool PackedPod::hasLabels(const StringMap& wanted) const {
  if (!kin_) return wanted.empty();
  Unpacker unpacker(kin_->bytes);
  uint64_t left = 0;
  unpacker.take(left);  // labels come first, in the order of their names
  for (auto next = wanted.begin(); next != wanted.end();) {
    if (left-- == 0) return false;
    std::string_view name;
    std::string_view value;
    unpacker.take(name, value);
    if (name < next->first) continue;
    if (name != next->first || value != next->second) return false;
    ++next;
  }
  return true;
}

bool PackedPod::isBare() const {
  ObjectMeta meta;
  if (kin_) unpackTo(kin_->bytes, kinOf(meta));
  return meta.controller.kind.empty();
}

Pod PackedPod::unpack() const {
  Pod pod;
  if (!spec_) return pod;
  unpackTo(kin_->bytes, kinOf(pod.meta));
  unpackTo(own_, ownOf(pod));
  pod.spec = unpackSpec(spec_);
  return pod;
}

}  // namespace firebreak
