#include "remediate/rotate/account_token_rotator.h"

#include "base/digest.h"
#include "base/json.h"
#include "remediate/rotate/staged_steps.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;

constexpr const char* kType = "kubernetes.io/service-account-token";
constexpr const char* kAccount = "kubernetes.io/service-account.name";
constexpr const char* kHolder = "firebreak.dev/token-holder";
constexpr const char* kToken = "token";
// The ServiceAccount whose token was proven, on the staging Secret: later steps take no other.
constexpr const char* kProven = "firebreak.dev/service-account";

// "<name>-firebreak-<8 hex>" -> "<name>-token-<8 hex>"
std::string holderName(const Rotation& rotation) {
  constexpr std::string_view kMark = "-firebreak-";
  std::string name = rotation.staging;
  size_t at = name.rfind(kMark);
  return at == std::string::npos ? name + "-token" : name.replace(at, kMark.size(), "-token-");
}

std::string accountOf(const StoredSecret& secret, const char* annotation = kAccount) {
  auto account = secret.meta.annotations.find(annotation);
  return account == secret.meta.annotations.end() ? "" : account->second;
}

// Whether the API server takes the token as that of the Secret's ServiceAccount.
Result<bool> isAccepted(const Rotation& rotation, RotationContext& context,
                        const std::string& account, const SecretValue& token) {
  if (context.cluster == nullptr) {
    return fail(ErrorCode::kInternal, "there is no way to ask the API server about a token");
  }
  auto user = context.cluster->userOf(token);
  if (user) return *user == "system:serviceaccount:" + rotation.ns + ":" + account;
  if (user.error().code == ErrorCode::kUnauthorized) return false;
  return tl::unexpected(user.error());
}

// --- stage: prove whose token it is --------------------------------------------------------------

Result<StagedNext> proveIdentity(const Rotation& rotation, RotationContext& context,
                                 const StoredSecret& secret) {
  if (secret.type != kType || rotation.keys != std::vector<std::string>{kToken}) {
    return fail(ErrorCode::kInvalid, "Secret " + rotation.ns + "/" + rotation.secret +
                                         " is not the token of a ServiceAccount");
  }
  auto accepted = isAccepted(rotation, context, accountOf(secret), secret.data.at(kToken));
  if (!accepted) return tl::unexpected(accepted.error());
  if (!*accepted) {
    return fail(ErrorCode::kInternal,
                "IdentityMismatch: the API server does not take the Secret's token for "
                "ServiceAccount " +
                    accountOf(secret));
  }
  StagedNext next;
  next.annotations[kProven] = accountOf(secret);
  return next;
}

Status stage(const Rotation& rotation, RotationContext& context) {
  return stageValues(rotation, context, [&](const StoredSecret& secret) {
    return proveIdentity(rotation, context, secret);
  });
}

// --- create: another token of the same ServiceAccount -------------------------------------------

bool isHolder(const StoredSecret& secret, const std::string& ownerUid) {
  return secret.meta.labels.contains(kHolder) && secret.owner.uid == ownerUid;
}

Result<StoredSecret> ensureHolder(const Rotation& rotation, RotationContext& context,
                                  const std::string& account) {
  StoredSecret holder;
  holder.meta.ns = rotation.ns;
  holder.meta.name = holderName(rotation);
  holder.meta.labels = {{kHolder, "true"}};
  holder.meta.annotations = {{kAccount, account},
                             {std::string(kRemediationAnnotation), rotation.remediation},
                             {std::string(kRotationAnnotation), rotation.id}};
  holder.type = kType;
  holder.owner = {"v1", "Secret", rotation.ns, rotation.secret, rotation.secretUid};
  auto created = context.secrets.create(holder);
  if (created || created.error().code != ErrorCode::kAlreadyExists) return created;
  auto known = context.secrets.get(rotation.ns, holder.meta.name);
  if (!known) return known;
  if (!isHolder(*known, rotation.secretUid) || accountOf(*known) != account) {
    return fail(ErrorCode::kConflict, "Secret " + rotation.ns + "/" + holder.meta.name +
                                          " exists and is not this rotation's");
  }
  return known;
}

Status create(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return {};
  auto holder = ensureHolder(rotation, context, accountOf(*(*world)->staging, kProven));
  if (!holder) return tl::unexpected(holder.error());
  auto token = holder->data.find(kToken);
  if (token == holder->data.end() || token->second.size() == 0) {
    return fail(ErrorCode::kUnavailable, "no token was put into Secret " + rotation.ns + "/" +
                                             holder->meta.name + " yet");
  }
  const StoredSecret& staging = *(*world)->staging;
  auto noted = context.secrets.patch(rotation.ns, rotation.staging,
                                     {staging.meta.uid, staging.meta.resourceVersion},
                                     {{nextKey(kToken), token->second}}, {});
  return noted ? Status() : Status(tl::unexpected(noted.error()));
}

Result<Observation> observeCreate(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return Observation{Effect::kPresent, givenUpText(rotation)};
  const StoredSecret& staging = *(*world)->staging;
  auto next = staging.data.find(nextKey(kToken));
  if (next == staging.data.end() || next->second.size() == 0) return Observation{};
  auto accepted = isAccepted(rotation, context, accountOf(staging, kProven), next->second);
  if (!accepted) return tl::unexpected(accepted.error());
  return Observation{Effect::kPresent, "",
                     *accepted ? "" : "the API server does not take the new token yet"};
}

Status dropHolder(const Rotation& rotation, RotationContext& context, const std::string& name) {
  auto holder = context.secrets.get(rotation.ns, name);
  if (!holder && holder.error().code == ErrorCode::kNotFound) return {};
  if (!holder) return tl::unexpected(holder.error());
  if (!isHolder(*holder, rotation.secretUid)) {
    return fail(ErrorCode::kInternal,
                "the previous token is that of Secret " + rotation.ns + "/" + name +
                    ", which Firebreak did not make: delete that Secret to have it refused");
  }
  Status removed = context.secrets.remove(rotation.ns, name,
                                          {holder->meta.uid, holder->meta.resourceVersion});
  if (!removed && removed.error().code == ErrorCode::kNotFound) return {};
  return removed;
}

Status undoCreate(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return fail(ErrorCode::kInvalid, givenUpText(rotation));
  if (compare((*world)->secret, *(*world)->staging, rotation, context.random) == Holds::kNext) {
    return fail(ErrorCode::kConflict, "the Secret holds the new token: it is not taken away");
  }
  Status dropped = dropHolder(rotation, context, holderName(rotation));
  if (!dropped) return dropped;
  const StoredSecret& staging = *(*world)->staging;
  // An empty value is none: the step reads as not done.
  auto noted = context.secrets.patch(rotation.ns, rotation.staging,
                                     {staging.meta.uid, staging.meta.resourceVersion},
                                     {{nextKey(kToken), SecretValue()}}, {});
  return noted ? Status() : Status(tl::unexpected(noted.error()));
}

// --- revoke --------------------------------------------------------------------------------------

// The Secret that a legacy token belongs to: a claim of its own; "" where it says none.
std::string secretOfToken(const SecretValue& token) {
  std::string_view text = token.bytes();
  size_t first = text.find('.');
  size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return "";
  std::string payload(text.substr(first + 1, second - first - 1));
  for (char& c : payload) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (payload.size() % 4 != 0) payload += '=';
  auto bytes = base64Decode(payload);
  if (!bytes) return "";
  auto claims = parseJson(*bytes, "a token");
  return claims ? stringOr(member(*claims, "kubernetes.io/serviceaccount/secret.name")) : "";
}

// A token of the exposed Secret's own name is refused since the write; one of an earlier rotation
// belongs to its holder, which goes.
Status revoke(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return {};
  const StoredSecret& staging = *(*world)->staging;
  if (compare((*world)->secret, staging, rotation, context.random) != Holds::kNext) {
    return fail(ErrorCode::kConflict, "the Secret does not hold the new token: nothing is revoked");
  }
  const SecretValue& previous = staging.data.at(previousKey(kToken));
  std::string name = secretOfToken(previous);
  if (!name.empty() && name != rotation.secret) {
    return dropHolder(rotation, context, name);
  }
  return {};
}

Result<Observation> observeRevoke(const Rotation& rotation, RotationContext& context) {
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return Observation{Effect::kPresent, givenUpText(rotation)};
  const StoredSecret& staging = *(*world)->staging;
  if (compare((*world)->secret, staging, rotation, context.random) != Holds::kNext) {
    return Observation{};
  }
  const SecretValue& previous = staging.data.at(previousKey(kToken));
  auto accepted = isAccepted(rotation, context, accountOf(staging, kProven), previous);
  if (!accepted) return tl::unexpected(accepted.error());
  if (!*accepted) return Observation{Effect::kPresent, "the API server refuses the previous token"};
  std::string name = secretOfToken(previous);
  if (!name.empty() && name != rotation.secret) {
    auto holder = context.secrets.get(rotation.ns, name);
    if (holder) return Observation{Effect::kAbsent, "Secret " + rotation.ns + "/" + name + " holds it"};
    if (holder.error().code != ErrorCode::kNotFound) return tl::unexpected(holder.error());
  }
  // It remembers for some seconds whom it let in.
  return Observation{Effect::kPresent, "the previous token was given up",
                     "the API server still takes the previous token"};
}

std::optional<Unfit> unfit(const RotatorEntry& entry) {
  if (entry.keys == std::vector<std::string>{kToken}) return std::nullopt;
  return Unfit{"names other keys than token", "correct the keys in the policy"};
}

constexpr Operation kOperations[] = {
    {"stage", stage, observeStage, undoStage},
    {"create", create, observeCreate, undoCreate},
    {"write", write, observeWrite, restore},
    {"revoke", revoke, observeRevoke, cannotUndo},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

}  // namespace

const Rotator& accountTokenRotator() {
  static const TableRotator kRotator(
      "ServiceAccountToken",
      {.creates = true,
       .revokes = true,
       .secretType = "kubernetes.io/service-account-token",
       .keys = {kToken},
       .unfit = unfit,
       .caveat = "the API server refuses the old token from the write on: its users fail until they are "
                 "restarted"},
      kOperations);
  return kRotator;
}

}  // namespace firebreak::rotate
