// One signed call to a rotation webhook: POST over verified TLS, an answer of JSON. Nothing that the
// other side says goes into an error but its status: an answer may hold a credential. Stateless;
// blocks; safe from any thread.
#pragma once

#include <string>

#include "base/json.h"
#include "firebreak/result.h"
#include "firebreak/rotator.h"

namespace firebreak::rotate {

struct WebhookRequest {
  std::string url;             // https
  std::string ca;              // PEM; empty = the image's bundle
  std::string idempotencyKey;
  Json body;                   // no value in it
};

// kUnavailable: no answer, a failed handshake, 5xx, 429. kInvalid: another status, or no JSON.
Result<Json> callWebhook(const WebhookRequest& request, const SecretValue& hmacKey,
                         const Clock& clock);

}  // namespace firebreak::rotate
