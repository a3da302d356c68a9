#include "remediate/rotate/aws_rotator.h"

#include <algorithm>
#include <cctype>

#include "remediate/rotate/aws_query.h"
#include "remediate/rotate/staged_steps.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;

// The user's access key ids before CreateAccessKey, on the staging Secret; absent or empty: no call was
// made whose answer could be lost.
constexpr const char* kKnownIds = "firebreak.dev/known-key-ids";
constexpr size_t kQuota = 2;

struct Target {
  std::string user;
  std::string endpoint;
  std::string role;  // empty: adminRef
  std::string idKey;
  std::string secretKey;
};

Result<Target> targetOf(const Rotation& rotation) {
  Target target;
  target.user = stringOr(member(rotation.parameters, {"awsAccessKey", "iamUserName"}));
  target.endpoint = stringOr(member(rotation.parameters, {"awsAccessKey", "endpoint"}));
  target.role = stringOr(member(rotation.parameters, {"awsAccessKey", "roleArn"}));
  auto id = awsIdKey(rotation.keys);
  if (target.user.empty() || !id) {
    return fail(ErrorCode::kInvalid,
                "the AWSAccessKey rotator needs iamUserName and the keys of the id and the secret");
  }
  target.idKey = *id;
  target.secretKey = rotation.keys[0] == *id ? rotation.keys[1] : rotation.keys[0];
  return target;
}

Result<AwsKey> keyFrom(const Target& target, const StoredSecret& holder,
                       std::string (*keyOf)(const std::string&)) {
  auto id = holder.data.find(keyOf(target.idKey));
  auto secret = holder.data.find(keyOf(target.secretKey));
  if (id == holder.data.end() || secret == holder.data.end()) {
    return fail(ErrorCode::kNotFound, "no access key of user " + target.user + " is there");
  }
  return AwsKey{id->second.bytes(), secret->second};
}

std::string plainKey(const std::string& key) { return key; }

// The operator's token, of the audience that AWS's identity provider for the cluster asks for, is
// exchanged for credentials of a quarter of an hour.
Result<AwsKey> assumeRole(const Target& target, RotationContext& context) {
  if (context.webIdentity == nullptr) {
    return fail(ErrorCode::kInvalid, "awsAccessKey.roleArn needs a token for AWS in the operator's pod: "
                                     "capabilities.secrets.awsWebIdentity in the chart's values");
  }
  auto token = context.webIdentity->token();
  if (!token) return tl::unexpected(token.error());
  auto answer = callAws("sts", target.endpoint, {},
                        {{"Action", "AssumeRoleWithWebIdentity"},
                         {"RoleArn", target.role},
                         {"RoleSessionName", "firebreak"},
                         {"DurationSeconds", "900"},
                         {"WebIdentityToken", token->bytes()}});
  if (!answer) return tl::unexpected(answer.error());
  AwsKey key{answer->text("AccessKeyId"), SecretValue(answer->text("SecretAccessKey")),
             SecretValue(answer->text("SessionToken"))};
  if (key.id.empty() || key.secret.size() == 0 || key.session.size() == 0) {
    return fail(ErrorCode::kUnavailable, "AWS sts AssumeRoleWithWebIdentity: no credentials in the answer");
  }
  return key;
}

// adminRef holds "<access key id>:<secret access key>".
Result<AwsKey> administrator(const Rotation& rotation, const Target& target,
                             RotationContext& context) {
  if (!target.role.empty()) return assumeRole(target, context);
  const Json& ref = member(rotation.parameters, "adminRef");
  auto secret =
      context.secrets.get(stringOr(member(ref, "namespace")), stringOr(member(ref, "name")));
  if (!secret) return tl::unexpected(secret.error());
  auto value = secret->data.find(stringOr(member(ref, "key")));
  size_t colon = value == secret->data.end() ? std::string::npos : value->second.bytes().find(':');
  if (colon == std::string::npos) {
    return fail(ErrorCode::kInvalid, "adminRef holds no \"id:secret\"");
  }
  return AwsKey{value->second.bytes().substr(0, colon),
                SecretValue(value->second.bytes().substr(colon + 1))};
}

// Whose pair this is; kUnauthorized where AWS refuses it.
Result<std::string> identityOf(const Target& target, const AwsKey& key) {
  auto answer = callAws("sts", target.endpoint, key, {{"Action", "GetCallerIdentity"}});
  if (!answer) return tl::unexpected(answer.error());
  return answer->text("Arn");
}

bool isUser(const std::string& arn, const std::string& user) {
  // arn:aws:iam::123456789012:user/path/name
  return arn.find(":user/") != std::string::npos && arn.substr(arn.rfind('/') + 1) == user;
}

Result<bool> isAccepted(const Target& target, const AwsKey& key) {
  auto arn = identityOf(target, key);
  if (arn) return isUser(*arn, target.user);
  if (arn.error().code == ErrorCode::kUnauthorized) return false;
  return tl::unexpected(arn.error());
}

Result<std::vector<std::string>> keyIds(const Target& target, const AwsKey& admin) {
  auto answer = callAws("iam", target.endpoint, admin,
                        {{"Action", "ListAccessKeys"}, {"UserName", target.user}});
  if (!answer) return tl::unexpected(answer.error());
  return answer->texts("AccessKeyId");
}

tl::unexpected<Error> quotaReached(const Rotation& rotation, const Target& target) {
  return fail(ErrorCode::kInternal,
              "IAM user " + target.user +
                  " has two access keys already, and AWS allows no third: delete the one that nobody uses "
                  "(aws iam list-access-keys, get-access-key-last-used, delete-access-key), then this "
                  "Remediation (kubectl delete remediation " +
                  rotation.remediation + "), and it is begun anew");
}

Status deleteKey(const Target& target, const AwsKey& admin, const std::string& id) {
  auto answer = callAws("iam", target.endpoint, admin,
                        {{"Action", "DeleteAccessKey"},
                         {"UserName", target.user},
                         {"AccessKeyId", id}});
  if (answer || answer.error().code == ErrorCode::kNotFound) return {};
  return tl::unexpected(answer.error());
}

bool holds(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// --- stage: prove whose pair it is, and that there is room for another ---------------------------

Result<StagedNext> proveIdentity(const Rotation& rotation, RotationContext& context,
                                 const StoredSecret& secret) {
  auto target = targetOf(rotation);
  if (!target) return tl::unexpected(target.error());
  auto pair = keyFrom(*target, secret, plainKey);
  if (!pair) return tl::unexpected(pair.error());
  auto accepted = isAccepted(*target, *pair);
  if (!accepted) return tl::unexpected(accepted.error());
  if (!*accepted) {
    return fail(ErrorCode::kInternal,
                "IdentityMismatch: the Secret's access key is not one of IAM user " + target->user);
  }
  auto admin = administrator(rotation, *target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto ids = keyIds(*target, *admin);
  if (!ids) return tl::unexpected(ids.error());
  if (!holds(*ids, pair->id)) {
    return fail(ErrorCode::kInternal,
                "IdentityMismatch: IAM lists no such access key for user " + target->user);
  }
  if (ids->size() >= kQuota) return quotaReached(rotation, *target);
  return StagedNext{};
}

Status stage(const Rotation& rotation, RotationContext& context) {
  return stageValues(rotation, context, [&](const StoredSecret& secret) {
    return proveIdentity(rotation, context, secret);
  });
}

// --- create --------------------------------------------------------------------------------------

struct Staged {
  Target target;
  StagedWorld world;
};

Result<std::optional<Staged>> staged(const Rotation& rotation, RotationContext& context) {
  auto target = targetOf(rotation);
  if (!target) return tl::unexpected(target.error());
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return std::optional<Staged>();
  return std::optional<Staged>(Staged{std::move(*target), std::move(**world)});
}

std::string knownIds(const StoredSecret& staging) {
  auto noted = staging.meta.annotations.find(kKnownIds);
  return noted == staging.meta.annotations.end() ? "" : noted->second;
}

// Never empty: that there is none is known too.
std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : ",") + id;
  return text.empty() ? "none" : text;
}

Status noteIds(const Rotation& rotation, RotationContext& context, StoredSecret& staging,
               const std::string& text) {
  auto noted = context.secrets.patch(rotation.ns, rotation.staging,
                                     {staging.meta.uid, staging.meta.resourceVersion}, {},
                                     {{kKnownIds, text}});
  if (!noted) return tl::unexpected(noted.error());
  staging = std::move(*noted);
  return {};
}

// A key that a call of ours made whose answer was lost: nobody can ever use it.
Status dropLostKey(const Staged& s, const AwsKey& admin, const std::vector<std::string>& ids) {
  const std::string known = knownIds(*s.world.staging);
  if (known.empty()) return {};
  std::vector<std::string> unknown;
  for (const std::string& id : ids) {
    if (("," + known + ",").find("," + id + ",") == std::string::npos) unknown.push_back(id);
  }
  if (unknown.empty()) return {};
  auto used = callAws("iam", s.target.endpoint, admin,
                      {{"Action", "GetAccessKeyLastUsed"}, {"AccessKeyId", unknown.front()}});
  if (!used) return tl::unexpected(used.error());
  std::string service = used->text("ServiceName");
  if (unknown.size() > 1 || !used->text("LastUsedDate").empty() ||
      (!service.empty() && service != "N/A")) {
    return fail(ErrorCode::kInternal, "IAM user " + s.target.user +
                                          " has an access key that Firebreak did not make and that "
                                          "is in use: look at it, and delete it if nobody needs it");
  }
  return deleteKey(s.target, admin, unknown.front());
}

tl::unexpected<Error> notMade(const Rotation& rotation, RotationContext& context, Staged& s,
                              const Error& error) {
  // AWS has answered that it made none: what is there that was not is somebody else's.
  const bool sure = error.httpStatus >= 400 && error.httpStatus < 500;
  Status forgotten = sure ? noteIds(rotation, context, *s.world.staging, "") : Status();
  // The other one came in since they were listed.
  if (error.code == ErrorCode::kAlreadyExists) return quotaReached(rotation, s.target);
  return tl::unexpected<Error>(forgotten ? error : forgotten.error());
}

Status create(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return {};
  Staged& s = **now;
  if (s.world.staging->data.contains(nextKey(s.target.idKey))) return {};
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto ids = keyIds(s.target, *admin);
  if (!ids) return tl::unexpected(ids.error());
  if (knownIds(*s.world.staging).empty()) {
    if (ids->size() >= kQuota) return quotaReached(rotation, s.target);
    Status noted = noteIds(rotation, context, *s.world.staging, joined(*ids));
    if (!noted) return noted;
  } else if (Status dropped = dropLostKey(s, *admin, *ids); !dropped) {
    return dropped;
  }
  auto made = callAws("iam", s.target.endpoint, *admin,
                      {{"Action", "CreateAccessKey"}, {"UserName", s.target.user}});
  if (!made) return notMade(rotation, context, s, made.error());
  AwsKey key{made->text("AccessKeyId"), SecretValue(made->text("SecretAccessKey"))};
  if (key.id.empty() || key.secret.size() == 0) {
    return fail(ErrorCode::kUnavailable, "AWS iam CreateAccessKey: no key in the answer");
  }
  auto kept = context.secrets.patch(
      rotation.ns, rotation.staging,
      {s.world.staging->meta.uid, s.world.staging->meta.resourceVersion},
      {{nextKey(s.target.idKey), SecretValue(key.id)}, {nextKey(s.target.secretKey), key.secret}},
      {});
  return kept ? Status() : Status(tl::unexpected(kept.error()));
}

Result<Observation> observeCreate(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return Observation{Effect::kPresent, givenUpText(rotation)};
  auto key = keyFrom((*now)->target, *(*now)->world.staging, nextKey);
  if (!key) return Observation{};
  const Target& target = (*now)->target;
  auto accepted = isAccepted(target, *key);
  if (!accepted) return tl::unexpected(accepted.error());
  if (*accepted) return Observation{Effect::kPresent, ""};
  auto admin = administrator(rotation, target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto ids = keyIds(target, *admin);
  if (!ids) return tl::unexpected(ids.error());
  if (!holds(*ids, key->id)) {
    return Observation{Effect::kAbsent, "IAM lists no such access key for user " + target.user};
  }
  return Observation{Effect::kPresent, "", "AWS does not take the new access key yet"};
}

Status undoCreate(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return fail(ErrorCode::kInvalid, givenUpText(rotation));
  Staged& s = **now;
  if (compare(s.world.secret, *s.world.staging, rotation, context.random) == Holds::kNext) {
    return fail(ErrorCode::kConflict, "the Secret holds the new access key: it is not deleted");
  }
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto key = keyFrom(s.target, *s.world.staging, nextKey);
  if (key) return deleteKey(s.target, *admin, key->id);
  auto ids = keyIds(s.target, *admin);
  return ids ? dropLostKey(s, *admin, *ids) : Status(tl::unexpected(ids.error()));
}

// --- revoke --------------------------------------------------------------------------------------

Status revoke(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return {};
  Staged& s = **now;
  if (compare(s.world.secret, *s.world.staging, rotation, context.random) != Holds::kNext) {
    return fail(ErrorCode::kConflict, "the Secret does not hold the new access key: nothing is "
                                      "revoked");
  }
  auto previous = keyFrom(s.target, *s.world.staging, previousKey);
  if (!previous) return tl::unexpected(previous.error());
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto inactive = callAws("iam", s.target.endpoint, *admin,
                          {{"Action", "UpdateAccessKey"},
                           {"UserName", s.target.user},
                           {"AccessKeyId", previous->id},
                           {"Status", "Inactive"}});
  if (!inactive && inactive.error().code != ErrorCode::kNotFound) {
    return tl::unexpected(inactive.error());
  }
  return deleteKey(s.target, *admin, previous->id);
}

Result<Observation> observeRevoke(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return Observation{Effect::kPresent, givenUpText(rotation)};
  Staged& s = **now;
  auto previous = keyFrom(s.target, *s.world.staging, previousKey);
  if (!previous) return tl::unexpected(previous.error());
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto ids = keyIds(s.target, *admin);
  if (!ids) return tl::unexpected(ids.error());
  if (holds(*ids, previous->id)) return Observation{Effect::kAbsent, "IAM lists the previous access key"};
  auto accepted = isAccepted(s.target, *previous);
  if (!accepted) return tl::unexpected(accepted.error());
  if (!*accepted) return Observation{Effect::kPresent, "AWS refuses the previous access key"};
  return Observation{Effect::kPresent, "the previous access key is deleted",
                     "AWS still takes the previous access key, which is deleted"};
}

std::optional<Unfit> unfit(const RotatorEntry& entry) {
  if (stringOr(member(entry.parameters, {"awsAccessKey", "iamUserName"})).empty()) {
    return Unfit{"names no awsAccessKey.iamUserName", "complete the policy"};
  }
  bool byRole = !stringOr(member(entry.parameters, {"awsAccessKey", "roleArn"})).empty();
  if (!byRole && !namesKey(entry, {"adminRef"})) {
    return Unfit{"names neither awsAccessKey.roleArn nor an adminRef", "complete the policy"};
  }
  if (!entry.keys.empty() && !awsIdKey(entry.keys)) {
    return Unfit{"names other keys than an access key's id and its secret",
                 "correct the keys in the policy"};
  }
  return std::nullopt;
}

constexpr Operation kOperations[] = {
    {"stage", stage, observeStage, undoStage},
    {"create", create, observeCreate, undoCreate},
    {"write", write, observeWrite, restore},
    {"revoke", revoke, observeRevoke, cannotUndo},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

}  // namespace

const Rotator& awsRotator() {
  static const TableRotator kRotator(
      "AWSAccessKey", {.creates = true, .revokes = true, .unfit = unfit}, kOperations);
  return kRotator;
}

std::optional<std::string> awsIdKey(const std::vector<std::string>& keys) {
  if (keys.size() != 2) return std::nullopt;
  std::optional<std::string> found;
  for (const std::string& key : keys) {
    std::string folded(key);
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (folded.find("secret") != std::string::npos) continue;
    if (found) return std::nullopt;
    found = key;
  }
  return found;
}

}  // namespace firebreak::rotate
