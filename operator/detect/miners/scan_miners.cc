#include "detect/miners/scan_miners.h"

#include "detect/miners/detect_miners.h"

namespace firebreak::detect {
namespace {

MinerSignatures signaturesOf(const Json& miners) {
  const Json& json = member(miners, "signatures");
  return {stringsOf(member(json, "poolDomains")), stringsOf(member(json, "wallets")),
          stringsOf(member(json, "images")), stringsOf(member(json, "processes"))};
}

}  // namespace

std::vector<Finding> scanMiners(const ScanInput& input) {
  const Json& policy = member(input.policySpec(), "miners");
  MinerInput judged;
  judged.extra = signaturesOf(policy);
  judged.threshold = static_cast<int>(intOr(member(policy, "threshold"), kDefaultThreshold));
  std::string_view file;  // of the workload that is being judged
  judged.configMap = [&](std::string_view ns, std::string_view name) -> const StringMap* {
    const ConfigMap* map = input.configMap(ns, name, file);
    return map == nullptr ? nullptr : &map->data;
  };
  judged.secret = [&](std::string_view ns, std::string_view name) -> const StringMap* {
    const ScannedSecret* secret = input.secret(ns, name, file);
    return secret == nullptr ? nullptr : &secret->data;
  };
  std::vector<Finding> findings;
  for (const ScannedWorkload& scanned : input.workloads()) {
    file = scanned.document->file;
    judged.workload = scanned.document->ref;
    judged.specPath = scanned.workload.specPath;
    judged.spec = scanned.workload.spec.get();
    for (Finding& finding : detectMiners(judged)) {
      locate(*scanned.document, &finding);
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace firebreak::detect
