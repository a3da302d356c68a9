#include "base/json.h"
#include "firebreak/rotator.h"
#include "remediate/rotate/account_token_rotator.h"
#include "remediate/rotate/aws_rotator.h"
#include "remediate/rotate/postgres_rotator.h"
#include "remediate/rotate/random_rotator.h"
#include "remediate/rotate/source_rotators.h"
#include "remediate/rotate/webhook_rotator.h"

namespace firebreak {

// Every rotator there is; a new one is a line here.
const Rotator* rotatorOfType(std::string_view type) {
  static const Rotator* const kRotators[] = {
      &rotate::randomRotator(),  &rotate::postgresRotator(),     &rotate::awsRotator(),
      &rotate::webhookRotator(), &rotate::accountTokenRotator(), &rotate::certificateRotator(),
      &rotate::externalSecretRotator()};
  for (const Rotator* rotator : kRotators) {
    if (rotator->type() == type) return rotator;
  }
  return nullptr;
}

const Rotator* rotatorFor(const Step& step) {
  return rotatorOfType(stringOr(member(step.manifest, "rotator")));
}

bool namesKey(const RotatorEntry& entry, std::initializer_list<std::string_view> path) {
  const Json* at = &entry.parameters;
  for (std::string_view key : path) at = &member(*at, key);
  return !stringOr(member(*at, "name")).empty() && !stringOr(member(*at, "key")).empty();
}

}  // namespace firebreak
