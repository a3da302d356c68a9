#include "remediate/rotate/postgres_rotator.h"

#include <algorithm>
#include <cctype>

#include "remediate/rotate/postgres_connection.h"
#include "remediate/rotate/staged_steps.h"

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;

constexpr size_t kRandomBytes = 32;
// When the new password came into force, by the server's own clock.
constexpr const char* kChangedAt = "firebreak.dev/changed-at";

// What the policy says of the database and the role.
struct Target {
  PostgresServer server;
  std::string role;
  std::string userKey;  // empty = one role, cut over
  std::string passwordKey;
};

Result<Target> targetOf(const Rotation& rotation) {
  const Json& block = member(rotation.parameters, "postgresql");
  Target target;
  target.role = stringOr(member(block, "role"));
  target.server.host = stringOr(member(block, "host"));
  target.server.port = intOr(member(block, "port"), 5432);
  target.server.database = stringOr(member(block, "database"), "postgres");
  auto user = postgresUserKey(rotation.keys);
  if (target.role.empty() || target.server.host.empty() || !user) {
    return fail(ErrorCode::kInvalid, "the PostgreSQL rotator needs role, host, and the keys of a "
                                     "password or of a user name and a password");
  }
  target.userKey = *user;
  for (const std::string& key : rotation.keys) {
    if (key != target.userKey) target.passwordKey = key;
  }
  return target;
}

std::string otherRole(const Target& target, const std::string& current) {
  return current == target.role ? target.role + "_alt" : target.role;
}

struct Login {
  std::string role;
  SecretValue password;
};

Result<Login> loginFrom(const Target& target, const StoredSecret& holder,
                        std::string (*keyOf)(const std::string&)) {
  Login login{target.role, {}};
  auto password = holder.data.find(keyOf(target.passwordKey));
  if (password == holder.data.end()) {
    return fail(ErrorCode::kConflict, "no password is staged for role " + target.role);
  }
  login.password = password->second;
  if (!target.userKey.empty()) {
    auto user = holder.data.find(keyOf(target.userKey));
    if (user == holder.data.end()) {
      return fail(ErrorCode::kConflict, "no user name is staged for role " + target.role);
    }
    login.role = user->second.bytes();
  }
  return login;
}

std::string plainKey(const std::string& key) { return key; }

Result<PostgresConnection> administrator(const Rotation& rotation, const Target& target,
                                         RotationContext& context) {
  const Json& ref = member(rotation.parameters, "adminRef");
  std::string key = stringOr(member(ref, "key"));
  auto secret = context.secrets.get(stringOr(member(ref, "namespace")),
                                    stringOr(member(ref, "name")));
  if (!secret) return tl::unexpected(secret.error());
  auto access = secret->data.find(key);
  if (access == secret->data.end()) {
    return fail(ErrorCode::kInvalid, "adminRef: the Secret has no key " + key);
  }
  return PostgresConnection::openAdmin(target.server, access->second);
}

// --- stage: prove who the Secret is, make the next login -----------------------------------------

Result<StagedNext> nextLogin(const Rotation& rotation,
                                                     RotationContext& context,
                                                     const StoredSecret& secret) {
  auto target = targetOf(rotation);
  if (!target) return tl::unexpected(target.error());
  auto login = loginFrom(*target, secret, plainKey);
  if (!login) return tl::unexpected(login.error());
  if (login->role != target->role && login->role != target->role + "_alt") {
    return fail(ErrorCode::kInternal, "IdentityMismatch: the Secret's user name is neither " +
                                          target->role + " nor " + target->role + "_alt");
  }
  auto proof = PostgresConnection::open(target->server, login->role, login->password);
  if (!proof && proof.error().code == ErrorCode::kUnauthorized) {
    return fail(ErrorCode::kInternal,
                "IdentityMismatch: the Secret's password is not that of role " + login->role);
  }
  if (!proof) return tl::unexpected(proof.error());
  StagedNext next;
  // Base64url: no character that a URL or a shell would read otherwise.
  SecretValue fresh = successorOf(SecretValue(std::string(kRandomBytes, 'x')), context.random);
  next.values.emplace(target->passwordKey, std::move(fresh));
  if (!target->userKey.empty()) {
    next.values.emplace(target->userKey, SecretValue(otherRole(*target, login->role)));
  }
  return next;
}

Status stage(const Rotation& rotation, RotationContext& context) {
  return stageValues(rotation, context, [&](const StoredSecret& secret) {
    return nextLogin(rotation, context, secret);
  });
}

// --- create: the next login is let in ------------------------------------------------------------

// What the steps after `stage` work with.
struct Staged {
  Target target;
  StagedWorld world;
  Login previous;
  Login next;
};

Result<std::optional<Staged>> staged(const Rotation& rotation, RotationContext& context) {
  auto target = targetOf(rotation);
  if (!target) return tl::unexpected(target.error());
  auto world = lookStaged(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!*world) return std::optional<Staged>();
  const StoredSecret& staging = *(*world)->staging;
  auto previous = loginFrom(*target, staging, previousKey);
  auto next = loginFrom(*target, staging, nextKey);
  if (!previous) return tl::unexpected(previous.error());
  if (!next) return tl::unexpected(next.error());
  return std::optional<Staged>(
      Staged{std::move(*target), std::move(**world), std::move(*previous), std::move(*next)});
}

Status setPassword(PostgresConnection& admin, const Login& login) {
  auto name = admin.quoted(login.role);
  if (!name) return tl::unexpected(name.error());
  auto verifier = admin.verifier(login.role, login.password);
  if (!verifier) return tl::unexpected(verifier.error());
  // A SCRAM verifier is of base64 and "$:=": nothing in it needs to be escaped.
  return admin.execute("ALTER ROLE " + *name + " LOGIN PASSWORD '" + verifier->bytes() + "'");
}

// The second login of the two-role form: acts as the first, so that what it makes belongs to it.
Status ensureAlternative(PostgresConnection& admin, const Target& target, const std::string& role) {
  if (role == target.role) return {};
  auto known = admin.query("SELECT rolname FROM pg_roles WHERE rolname = $1", {role});
  if (!known) return tl::unexpected(known.error());
  auto name = admin.quoted(role);
  auto base = admin.quoted(target.role);
  if (!name) return tl::unexpected(name.error());
  if (!base) return tl::unexpected(base.error());
  if (known->empty()) {
    Status created = admin.execute("CREATE ROLE " + *name + " NOLOGIN IN ROLE " + *base);
    if (!created) return created;
  }
  return admin.execute("ALTER ROLE " + *name + " SET role TO " + *base);
}

Status create(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return {};
  Staged& s = **now;
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  Status made = ensureAlternative(*admin, s.target, s.next.role);
  if (!made) return made;
  Status set = setPassword(*admin, s.next);
  if (!set) return set;
  auto time = admin->query("SELECT clock_timestamp()::text");
  if (!time) return tl::unexpected(time.error());
  auto noted = context.secrets.patch(
      rotation.ns, rotation.staging,
      {s.world.staging->meta.uid, s.world.staging->meta.resourceVersion}, {},
      {{kChangedAt, time->empty() ? "" : time->front()}});
  return noted ? Status() : Status(tl::unexpected(noted.error()));
}

// Nothing, or why it is not known.
Result<bool> isAccepted(const Target& target, const Login& login) {
  auto session = PostgresConnection::open(target.server, login.role, login.password);
  if (session) return true;
  if (session.error().code == ErrorCode::kUnauthorized) return false;
  return tl::unexpected(session.error());
}

Result<Observation> observeCreate(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return Observation{Effect::kPresent, givenUpText(rotation)};
  Staged& s = **now;
  if (!s.world.staging->meta.annotations.contains(kChangedAt)) return Observation{};
  auto accepted = isAccepted(s.target, s.next);
  if (!accepted) return tl::unexpected(accepted.error());
  if (*accepted) return Observation{Effect::kPresent, ""};
  return Observation{Effect::kAbsent, "the server does not let role " + s.next.role +
                                          " in with its new password: look at its pg_hba.conf"};
}

Status undoCreate(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return fail(ErrorCode::kInvalid, givenUpText(rotation));
  Staged& s = **now;
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  if (s.target.userKey.empty()) return setPassword(*admin, s.previous);
  auto name = admin->quoted(s.next.role);
  if (!name) return tl::unexpected(name.error());
  return admin->execute("ALTER ROLE " + *name + " NOLOGIN");
}

// --- revoke: the previous login is out, and so are its sessions ----------------------------------

Result<std::vector<std::string>> oldSessions(PostgresConnection& admin, const Staged& s) {
  if (!s.target.userKey.empty()) {
    return admin.query(
        "SELECT pid::text FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()",
        {s.previous.role});
  }
  auto changed = s.world.staging->meta.annotations.find(kChangedAt);
  if (changed == s.world.staging->meta.annotations.end()) {
    return fail(ErrorCode::kConflict, "it is not known when the password changed");
  }
  return admin.query(
      "SELECT pid::text FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid() AND "
      "backend_start < $2::timestamptz",
      {s.previous.role, changed->second});
}

Status revoke(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return {};
  Staged& s = **now;
  if (compare(s.world.secret, *s.world.staging, rotation, context.random) != Holds::kNext) {
    return fail(ErrorCode::kConflict, "the Secret does not hold the new login: nothing is revoked");
  }
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  if (!s.target.userKey.empty()) {
    auto name = admin->quoted(s.previous.role);
    if (!name) return tl::unexpected(name.error());
    Status out = admin->execute("ALTER ROLE " + *name + " NOLOGIN");
    if (!out) return out;
  }
  auto sessions = oldSessions(*admin, s);
  if (!sessions) return tl::unexpected(sessions.error());
  for (const std::string& pid : *sessions) {
    auto ended = admin->query("SELECT pg_terminate_backend($1::int)::text", {pid});
    if (!ended) return tl::unexpected(ended.error());
  }
  // They end a moment after they were told to; whoever asks at once sees them.
  for (int left = 20; left > 0 && sessions && !sessions->empty(); --left) {
    auto pause = admin->query("SELECT pg_sleep(0.05)::text");
    if (!pause) return tl::unexpected(pause.error());
    sessions = oldSessions(*admin, s);
  }
  return {};
}

Result<Observation> observeRevoke(const Rotation& rotation, RotationContext& context) {
  auto now = staged(rotation, context);
  if (!now) return tl::unexpected(now.error());
  if (!*now) return Observation{Effect::kPresent, givenUpText(rotation)};
  Staged& s = **now;
  auto accepted = isAccepted(s.target, s.previous);
  if (!accepted) return tl::unexpected(accepted.error());
  if (*accepted) {
    return Observation{Effect::kAbsent, "the server takes the previous login of role " + s.previous.role};
  }
  auto admin = administrator(rotation, s.target, context);
  if (!admin) return tl::unexpected(admin.error());
  auto sessions = oldSessions(*admin, s);
  if (!sessions) return tl::unexpected(sessions.error());
  if (!sessions->empty()) {
    return Observation{Effect::kAbsent,
                       "sessions of the previous login of role " + s.previous.role + " are open"};
  }
  return Observation{Effect::kPresent, "the server refuses the previous login of role " +
                                           s.previous.role + ", and no session of it is open"};
}

Status cannotBringBack(const Rotation& rotation, RotationContext&) {
  return fail(ErrorCode::kInvalid, "the previous login that Secret " + rotation.ns + "/" +
                                       rotation.secret + " held was revoked");
}

std::optional<Unfit> unfit(const RotatorEntry& entry) {
  const Json& block = member(entry.parameters, "postgresql");
  if (stringOr(member(block, "role")).empty() || stringOr(member(block, "host")).empty()) {
    return Unfit{"names no postgresql.role and postgresql.host", "complete the policy"};
  }
  if (!namesKey(entry, {"adminRef"})) return Unfit{"names no adminRef", "complete the policy"};
  if (!entry.keys.empty() && !postgresUserKey(entry.keys)) {
    return Unfit{"names other keys than a password, or a user name and a password",
                 "correct the keys in the policy"};
  }
  return std::nullopt;
}

constexpr Operation kOperations[] = {
    {"stage", stage, observeStage, undoStage},
    {"create", create, observeCreate, undoCreate},
    {"write", write, observeWrite, restore},
    {"revoke", revoke, observeRevoke, cannotBringBack},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

}  // namespace

const Rotator& postgresRotator() {
  static const TableRotator kRotator(
      "PostgreSQL", {.creates = true, .revokes = true, .unfit = unfit}, kOperations);
  return kRotator;
}

std::optional<std::string> postgresUserKey(const std::vector<std::string>& keys) {
  if (keys.size() == 1) return std::string();
  if (keys.size() != 2) return std::nullopt;
  std::string found;
  for (const std::string& key : keys) {
    std::string folded(key);
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (folded.find("user") == std::string::npos) continue;
    if (!found.empty()) return std::nullopt;
    found = key;
  }
  if (found.empty()) return std::nullopt;
  return found;
}

}  // namespace firebreak::rotate
