#include "remediate/rotate/webhook_rotator.h"

#include <openssl/crypto.h>

#include "base/digest.h"
#include "remediate/rotate/staged_steps.h"
#include "remediate/rotate/webhook_call.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;

// The webhook's answer to `revoke`, on the staging Secret.
constexpr const char* kRevoked = "firebreak.dev/revoked";

// The bytes under a reference of the policy; empty where it names none.
Result<SecretValue> referred(const Json& ref, RotationContext& context) {
  std::string name = stringOr(member(ref, "name"));
  std::string key = stringOr(member(ref, "key"));
  if (name.empty()) return SecretValue();
  auto secret = context.secrets.get(stringOr(member(ref, "namespace")), name);
  if (!secret) return tl::unexpected(secret.error());
  auto value = secret->data.find(key);
  if (value == secret->data.end()) {
    return fail(ErrorCode::kInvalid, "Secret " + name + " of the policy's webhook has no key " + key);
  }
  return value->second;
}

Result<Json> ask(const Rotation& rotation, RotationContext& context, const char* action) {
  const Json& block = member(rotation.parameters, "webhook");
  auto key = referred(member(block, "hmacRef"), context);
  if (!key) return tl::unexpected(key.error());
  auto ca = referred(member(block, "caRef"), context);
  if (!ca) return tl::unexpected(ca.error());
  WebhookRequest request;
  request.url = stringOr(member(block, "url"));
  request.ca = ca->bytes();
  request.idempotencyKey = rotation.id;
  request.body = {{"action", action},
                  {"rotation", rotation.id},
                  {"namespace", rotation.ns},
                  {"secret", rotation.secret},
                  {"keys", rotation.keys}};
  auto answer = callWebhook(request, *key, context.clock);
  if (!answer || stringOr(member(*answer, "state")) != "Pending") return answer;
  // The step is tried again, ever less often; nobody waits here meanwhile.
  return fail(ErrorCode::kUnavailable, std::string("the webhook has not done ") + action + " yet");
}

Status expect(const Result<Json>& answer, const char* state, const char* action) {
  if (!answer) return tl::unexpected(answer.error());
  if (stringOr(member(*answer, "state")) == state) return {};
  return fail(ErrorCode::kInvalid, std::string("the webhook did not answer ") + action + " with " +
                                       state);
}

Result<StagedNext> nextValues(const Rotation& rotation,
                                                      RotationContext& context,
                                                      const StoredSecret& secret) {
  auto answer = ask(rotation, context, "create");
  if (Status ready = expect(answer, "Ready", "create"); !ready) {
    return tl::unexpected(ready.error());
  }
  StagedNext next;
  for (const std::string& key : rotation.keys) {
    auto bytes = base64Decode(stringOr(member(*answer, {"values", key})));
    if (!bytes || bytes->empty()) {
      return fail(ErrorCode::kInvalid, "the webhook gave no value for key " + key + " in base64");
    }
    SecretValue value(std::move(*bytes));
    if (value.bytes() == secret.data.at(key).bytes()) {
      return fail(ErrorCode::kInvalid, "the webhook gave the exposed value of key " + key + " again");
    }
    next.values.emplace(key, std::move(value));
  }
  return next;
}

Status stage(const Rotation& rotation, RotationContext& context) {
  return stageValues(rotation, context, [&](const StoredSecret& secret) {
    return nextValues(rotation, context, secret);
  });
}

Status discard(const Rotation& rotation, RotationContext& context) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (world->staging && isOurs(*world->staging, rotation) &&
      compare(world->secret, *world->staging, rotation, context.random) != Holds::kNext) {
    Status discarded = expect(ask(rotation, context, "discard"), "Discarded", "discard");
    if (!discarded) return discarded;
  }
  return undoStage(rotation, context);
}

Status revoke(const Rotation& rotation, RotationContext& context) {
  auto seen = lookStaged(rotation, context);
  if (!seen) return tl::unexpected(seen.error());
  if (!*seen) return {};
  const StagedWorld& world = **seen;
  if (compare(world.secret, *world.staging, rotation, context.random) != Holds::kNext) {
    return fail(ErrorCode::kConflict, "the Secret does not hold the new value: nothing is revoked");
  }
  Status revoked = expect(ask(rotation, context, "revoke"), "Revoked", "revoke");
  if (!revoked) return revoked;
  auto noted = context.secrets.patch(
      rotation.ns, rotation.staging,
      {world.staging->meta.uid, world.staging->meta.resourceVersion}, {}, {{kRevoked, "true"}});
  return noted ? Status() : Status(tl::unexpected(noted.error()));
}

Result<Observation> observeRevoke(const Rotation& rotation, RotationContext& context) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!world->staging) return Observation{Effect::kPresent, givenUpText(rotation)};
  if (!world->staging->meta.annotations.contains(kRevoked)) return Observation{};
  return Observation{Effect::kPresent, "the webhook says that the previous value is refused"};
}

std::optional<Unfit> unfit(const RotatorEntry& entry) {
  std::string url = stringOr(member(entry.parameters, {"webhook", "url"}));
  if (url.starts_with("https://") && namesKey(entry, {"webhook", "hmacRef"})) return std::nullopt;
  return Unfit{"names no webhook.url over https and webhook.hmacRef", "complete the policy"};
}

constexpr Operation kOperations[] = {
    {"stage", stage, observeStage, discard},
    {"write", write, observeWrite, restore},
    {"revoke", revoke, observeRevoke, cannotUndo},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

}  // namespace

const Rotator& webhookRotator() {
  static const TableRotator kRotator("Webhook", {.revokes = true, .unfit = unfit}, kOperations);
  return kRotator;
}

}  // namespace firebreak::rotate
