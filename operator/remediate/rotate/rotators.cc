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
const Rotator* rotatorFor(const Step& step) {
  static const Rotator* const kRotators[] = {
      &rotate::randomRotator(),  &rotate::postgresRotator(),     &rotate::awsRotator(),
      &rotate::webhookRotator(), &rotate::accountTokenRotator(), &rotate::certificateRotator(),
      &rotate::externalSecretRotator()};
  std::string type = stringOr(member(step.manifest, "rotator"));
  for (const Rotator* rotator : kRotators) {
    if (rotator->type() == type) return rotator;
  }
  return nullptr;
}

}  // namespace firebreak
