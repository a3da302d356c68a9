#include "remediate/rotate/references.h"

namespace firebreak::rotate {
namespace {

// Where a name stands: field names, "*" for each element of a list.
struct Place {
  std::string_view kind;
  std::string_view path;
  std::string_view how;
  std::string_view reason;
};
constexpr Place kPlaces[] = {
    {"ServiceAccount", "secrets/*/name", "a ServiceAccount's list",
     "it only names the Secret, there is nothing to restart for it"},
    {"ServiceAccount", "imagePullSecrets/*/name", "a pull secret",
     "the next pull of its pods takes the new value"},
    {"Ingress", "spec/tls/*/secretName", "a certificate",
     "its controller takes the new value by itself"},
    {"Gateway", "spec/listeners/*/tls/certificateRefs/*/name", "a certificate",
     "its controller takes the new value by itself"},
};
constexpr std::string_view kVolumes[] = {
    "volumes/*/csi/nodePublishSecretRef/name", "volumes/*/flexVolume/secretRef/name",
    "volumes/*/rbd/secretRef/name",            "volumes/*/cephfs/secretRef/name",
    "volumes/*/iscsi/secretRef/name",          "volumes/*/azureFile/secretName",
};

struct Reference {
  std::string name;
  std::string ns;  // empty: the namespace of the object
};

void collect(const Json& at, std::string_view path, std::vector<Reference>& found) {
  size_t cut = path.find('/');
  std::string_view token = path.substr(0, cut);
  if (cut == std::string_view::npos) {
    std::string name = stringOr(member(at, token));
    if (!name.empty()) found.push_back({std::move(name), stringOr(member(at, "namespace"))});
  } else if (token != "*") {
    collect(member(at, token), path.substr(cut + 1), found);
  } else if (at.is_array()) {
    for (const Json& element : at) collect(element, path.substr(cut + 1), found);
  }
}

bool isNamed(const Json& object, const Place& place, std::string_view secret, std::string_view ns) {
  std::vector<Reference> references;
  collect(object, place.path, references);
  std::string own = stringOr(member(object, {"metadata", "namespace"}));
  for (const Reference& reference : references) {
    if (reference.name == secret && (reference.ns.empty() ? own : reference.ns) == ns) return true;
  }
  return false;
}

const Json& podSpecOf(const Json& workload) {
  if (stringOr(member(workload, "kind")) == "Pod") return member(workload, "spec");
  const Json& ofJob = member(workload, {"spec", "jobTemplate", "spec", "template", "spec"});
  return ofJob.is_object() ? ofJob : member(workload, {"spec", "template", "spec"});
}

}  // namespace

std::vector<Consumer> referencesTo(std::string_view secret, std::string_view ns,
                                   const std::vector<Json>& objects) {
  std::vector<Consumer> found;
  for (const Json& object : objects) {
    const std::string kind = stringOr(member(object, "kind"));
    for (const Place& place : kPlaces) {
      if (place.kind != kind || !isNamed(object, place, secret, ns)) continue;
      Consumer consumer;
      consumer.object = {stringOr(member(object, "apiVersion")), kind,
                         stringOr(member(object, {"metadata", "namespace"})),
                         stringOr(member(object, {"metadata", "name"})),
                         stringOr(member(object, {"metadata", "uid"}))};
      consumer.treatment = Treatment::kNextRun;
      consumer.how = place.how;
      consumer.reason = place.reason;
      found.push_back(std::move(consumer));
      break;
    }
  }
  return found;
}

std::vector<std::string> driverSecretsOf(const Json& workload) {
  std::vector<Reference> references;
  for (std::string_view path : kVolumes) collect(podSpecOf(workload), path, references);
  std::vector<std::string> names;
  for (Reference& reference : references) names.push_back(std::move(reference.name));
  return names;
}

}  // namespace firebreak::rotate
