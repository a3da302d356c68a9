// The Webhook rotator: somebody else's program makes and revokes the credential. It is asked three
// things, each under the same Idempotency-Key, so that asking twice is asking once:
//   create  -> {"state": "Ready", "values": {key: base64}} or {"state": "Pending"}: asked again
//   revoke  -> {"state": "Revoked"}: the previous credential is refused from now on
//   discard -> {"state": "Discarded"}: the new one is not used after all
// No value is ever sent to it.
#pragma once

#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& webhookRotator();

}  // namespace firebreak::rotate
