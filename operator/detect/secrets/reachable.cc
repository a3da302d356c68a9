#include "detect/secrets/reachable.h"

#include <algorithm>
#include <array>
#include <map>

namespace firebreak::detect {
namespace {

constexpr std::string_view kNeverTypes[] = {"helm.sh/release.v1", "bootstrap.kubernetes.io/token"};

const VolumeMount* mountOf(const Container& container, const std::string& volume) {
  auto found = std::find_if(container.mounts.begin(), container.mounts.end(),
                            [&](const VolumeMount& mount) { return mount.volume == volume; });
  return found == container.mounts.end() ? nullptr : &*found;
}

void addVolumes(const PodSpec& spec, std::vector<SecretUse>& uses) {
  for (const Volume& volume : spec.volumes) {
    for (const VolumeSource& source : volume.sources) {
      if (source.kind != VolumeSource::Kind::kSecret) continue;
      SecretUse use;
      use.secret = source.name;
      use.how = volume.sources.size() > 1 ? SecretUse::How::kProjected : SecretUse::How::kVolume;
      if (source.items.size() == 1) use.key = source.items.front().first;
      use.fieldPath = "volumes[" + volume.name + "]";
      bool mounted = false;
      for (const Container& container : spec.containers) {
        const VolumeMount* mount = mountOf(container, volume.name);
        if (mount == nullptr) continue;
        mounted = true;
        use.container = container.name;
        use.subPath = !mount->subPath.empty();
        uses.push_back(use);
      }
      if (!mounted) uses.push_back(use);
    }
  }
}

}  // namespace

std::string_view toString(SecretUse::How how) {
  constexpr std::array<std::string_view, 5> kNames = {"an environment variable", "the environment",
                                                      "a volume", "a projected volume",
                                                      "an image pull secret"};
  return kNames.at(static_cast<size_t>(how));
}

std::vector<SecretUse> secretsReachableBy(const PodSpec& spec) {
  std::vector<SecretUse> uses;
  for (const Container& container : spec.containers) {
    for (const EnvVar& variable : container.env) {
      if (variable.source != EnvVar::Source::kSecretKey) continue;
      uses.push_back({variable.refName, SecretUse::How::kEnv, variable.refKey, container.name,
                      container.fieldPath + ".env[" + variable.name + "]", false});
    }
    for (const EnvFrom& source : container.envFrom) {
      if (source.source != EnvFrom::Source::kSecret) continue;
      uses.push_back({source.refName, SecretUse::How::kEnvFrom, "", container.name,
                      container.fieldPath + ".envFrom", false});
    }
  }
  addVolumes(spec, uses);
  for (const std::string& name : spec.imagePullSecrets) {
    uses.push_back({name, SecretUse::How::kImagePull, "", "", "imagePullSecrets", false});
  }
  std::erase_if(uses, [](const SecretUse& use) { return use.secret.empty(); });
  return uses;
}

std::vector<CausedFinding> exposedByConsequence(
    const PodSpec& spec, const ExposureCause& cause, const std::vector<SecretObject>& secrets,
    const std::vector<std::string>& protectedNamespaces) {
  std::map<std::string, std::vector<SecretUse>> byName;
  for (SecretUse& use : secretsReachableBy(spec)) byName[use.secret].push_back(std::move(use));

  std::vector<CausedFinding> findings;
  for (const SecretObject& secret : secrets) {
    auto uses = byName.find(secret.meta.name);
    if (uses == byName.end() || secret.meta.ns != cause.console.ns) continue;
    if (std::find(std::begin(kNeverTypes), std::end(kNeverTypes), secret.type) !=
            std::end(kNeverTypes) ||
        std::find(protectedNamespaces.begin(), protectedNamespaces.end(), secret.meta.ns) !=
            protectedNamespaces.end() ||
        secret.meta.labels.contains("firebreak.dev/staging")) {
      continue;
    }
    // A pull secret is the kubelet's: the console's process does not see it.
    bool inProcess =
        std::any_of(uses->second.begin(), uses->second.end(),
                    [](const SecretUse& use) { return use.how != SecretUse::How::kImagePull; });
    const SecretUse& first = uses->second.front();
    bool accountToken = secret.type == "kubernetes.io/service-account-token";
    Finding finding;
    finding.family = Family::kExposedSecret;
    finding.rule = "secret-of-open-console";
    finding.severity = accountToken ? Severity::kCritical : Severity::kHigh;
    finding.tier = inProcess ? cause.tier : Tier::kAlert;
    finding.confidence = inProcess ? 90 : 50;
    finding.resource = {"v1", "Secret", secret.meta.ns, secret.meta.name, secret.meta.uid};
    finding.fieldPath = first.key.empty() ? "data" : "data[\"" + first.key + "\"]";
    finding.message = "Secret " + secret.meta.name +
                      " is within reach of everybody who could use " + describe(cause.console) +
                      ", which is open: its pods hold it as " + std::string(toString(first.how)) +
                      ". Take its values as known to others.";
    for (const SecretUse& use : uses->second) {
      finding.evidence.push_back({"reachable-from-console", inProcess ? 90 : 50,
                                  "spec." + use.fieldPath + " of " + describe(cause.console)});
    }
    findings.push_back({std::move(finding), cause.remediation});
  }
  return findings;
}

std::optional<Finding> markedExposed(const SecretObject& secret) {
  auto mark = secret.meta.annotations.find("firebreak.dev/exposed");
  if (mark == secret.meta.annotations.end()) return std::nullopt;
  // What a person wrote is shown, cut to a line.
  constexpr size_t kMost = 200;
  std::string where = mark->second.substr(0, kMost);
  Finding finding;
  finding.family = Family::kExposedSecret;
  finding.rule = "marked-exposed";
  finding.severity = Severity::kHigh;
  finding.confidence = 100;
  finding.tier = Tier::kRemediate;
  finding.resource = {"v1", "Secret", secret.meta.ns, secret.meta.name, secret.meta.uid};
  finding.fieldPath = "metadata.annotations[\"firebreak.dev/exposed\"]";
  finding.message = "Secret " + secret.meta.name +
                    " is marked as exposed: " + (where.empty() ? "no place given" : where);
  finding.evidence.push_back({"marked-by-person", 100, "annotation firebreak.dev/exposed"});
  return finding;
}

}  // namespace firebreak::detect
