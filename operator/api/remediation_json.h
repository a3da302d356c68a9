// Remediation <-> JSON, as the schema in crds/ has it. Reading is lenient (an absent or mistyped
// status field is its default), since a journal that cannot be read must still be shown.
#pragma once

#include "base/json.h"
#include "firebreak/remediation.h"

namespace firebreak {

Result<Remediation> remediationFromJson(const Json& object);
// apiVersion, kind, metadata.name and spec: the body of a POST.
Json remediationToCreate(const Remediation& remediation);
Json statusToJson(const RemediationStatus& status);

Json refToJson(const ObjectRef& ref);
ObjectRef refFromJson(const Json& json);
Json conditionsToJson(const std::vector<Condition>& conditions);
std::vector<Condition> conditionsFromJson(const Json& json);

}  // namespace firebreak
