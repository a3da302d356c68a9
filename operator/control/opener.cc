#include "control/opener.h"

#include <algorithm>
#include <cctype>

#include "api/remediation_json.h"
#include "base/log.h"

namespace firebreak::control {
namespace {

std::string kebab(Family family) {
  switch (family) {
    case Family::kOpenDashboard:
      return "open-dashboard";
    case Family::kExposedSecret:
      return "exposed-secret";
    case Family::kMiner:
      return "miner";
  }
  return "finding";
}

// The target's name as a part of a DNS subdomain.
std::string cutName(const std::string& name) {
  std::string cut;
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    cut += std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '-';
  }
  if (cut.size() > 40) cut.resize(40);
  while (!cut.empty() && cut.back() == '-') cut.pop_back();
  return cut;
}

}  // namespace

std::string remediationName(const KeyRing& keys, Family family, const ObjectRef& target) {
  std::string tag = keys.tag(target.uid + '\0' + std::string(toString(family)));
  if (tag.empty()) return "";
  return kebab(family) + "-" + cutName(target.name) + "-" + tag;
}

bool isOurs(const KeyRing& keys, const Remediation& remediation) {
  std::string name = remediationName(keys, remediation.family, remediation.target);
  return name.empty() || name == remediation.name;
}

Opener::Opener(kube::Client& client, World& world, KeyRing& keys)
    : client_(client), world_(world), keys_(keys) {}

std::string Opener::nameFor(Family family, const ObjectRef& target) const {
  return remediationName(keys_, family, target);
}

Result<std::string> Opener::open(Family family, const ObjectRef& target,
                                 const std::vector<Finding>& findings, const std::string& cause) {
  Remediation remediation;
  remediation.name = nameFor(family, target);
  if (remediation.name.empty()) {
    return fail(ErrorCode::kUnavailable, "the journal's keys are not loaded yet");
  }
  if (world_.remediations.get(remediation.name)) return remediation.name;
  remediation.family = family;
  remediation.target = target;
  remediation.fingerprint = fingerprint(findings);
  remediation.cause = cause;
  auto created = client_.create(kube::kRemediations, "", remediationToCreate(remediation));
  if (!created && created.error().code != ErrorCode::kAlreadyExists) {
    return tl::unexpected(created.error());
  }
  if (created) {
    log::info("finding", {{"remediation", remediation.name},
                          {"family", std::string(toString(family))},
                          {"target", describe(target)},
                          {"rule", findings.empty() ? "" : findings.front().rule}});
  }
  return remediation.name;
}

}  // namespace firebreak::control
