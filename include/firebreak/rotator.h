// Rotator: what someone who adds MySQL or GitHub implements, in one file (docs/rotation.md, "A rotator of
// your own"). A rotator says which Secrets it is for and which steps it has, and carries out the
// External steps of a rotation plan; the executor drives it, records the intent before each call
// and may be killed after any of them. So each call is idempotent, and `observe` tells from the
// world alone whether a step has taken effect. Calls block. One rotator object serves every
// rotation and keeps no state; it may be called from several threads for different Secrets, never
// for the same one.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/observed.h"
#include "firebreak/plan.h"
#include "firebreak/result.h"

namespace firebreak {

// The bytes of a credential: wiped when they go out of scope, and never printable by accident.
class SecretValue {
 public:
  SecretValue() = default;
  explicit SecretValue(std::string bytes) : bytes_(std::move(bytes)) {}
  SecretValue(const SecretValue&) = default;
  SecretValue(SecretValue&& other) noexcept;
  SecretValue& operator=(const SecretValue& other);
  SecretValue& operator=(SecretValue&& other) noexcept;
  ~SecretValue();

  // For the call that needs it; not to be kept.
  const std::string& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }

 private:
  void wipe() noexcept;
  std::string bytes_;
};

// A Secret with its values.
struct StoredSecret {
  ObjectMeta meta;  // with annotations, labels, uid and resourceVersion
  std::string type = "Opaque";
  bool immutable = false;
  // The object that this one is garbage-collected with; kind is empty where there is none.
  ObjectRef owner;
  std::map<std::string, SecretValue> data;  // decoded
};

// What a write must find, or it is kConflict.
struct SecretPrecondition {
  std::string uid;
  std::string resourceVersion;
};

// Access to the Secrets of one cluster; implemented over the API client. Errors never hold a value.
class SecretStore {
 public:
  virtual ~SecretStore() = default;
  // kNotFound where there is none. Always from the API server, never from a cache.
  virtual Result<StoredSecret> get(const std::string& ns, const std::string& name) = 0;
  // kAlreadyExists where there is one. meta.uid and meta.resourceVersion are not sent.
  virtual Result<StoredSecret> create(const StoredSecret& secret) = 0;
  // Sets these keys and annotations and leaves all others alone, in one write.
  virtual Result<StoredSecret> patch(const std::string& ns, const std::string& name,
                                     const SecretPrecondition& precondition,
                                     const std::map<std::string, SecretValue>& keys,
                                     const StringMap& annotations) = 0;
  virtual Status remove(const std::string& ns, const std::string& name,
                        const SecretPrecondition& precondition) = 0;
};

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual SecretValue bytes(size_t count) = 0;
};
// The operating system's generator; lives as long as the process.
RandomSource& systemRandom();

// How the API server calls one kind of object; for those of others, which Firebreak has no table of.
struct ApiKind {
  std::string group;
  std::string version;
  std::string plural;
  std::string kind;
};

// What a rotator asks of the cluster beyond Secrets. Errors never hold a value.
class ClusterAccess {
 public:
  virtual ~ClusterAccess() = default;
  // Who shows this token is, for the API server: "system:serviceaccount:shop:robot". kUnauthorized
  // where it refuses the token.
  virtual Result<std::string> userOf(const SecretValue& token) = 0;
  virtual Result<nlohmann::json> get(const ApiKind& kind, const std::string& ns,
                                     const std::string& name) = 0;
  // RFC 7396; a resourceVersion in it must still hold, else kConflict.
  virtual Status merge(const ApiKind& kind, const std::string& ns, const std::string& name,
                       const std::string& subresource, const nlohmann::json& patch) = 0;
};

// A token with which the operator proves to somebody outside who it is; short-lived, read anew each time.
class WebIdentity {
 public:
  virtual ~WebIdentity() = default;
  virtual Result<SecretValue> token() = 0;
};

struct RotationContext {
  SecretStore& secrets;
  RandomSource& random;
  const Clock& clock;
  // Null: the rotators that need it say so.
  ClusterAccess* cluster = nullptr;
  WebIdentity* webIdentity = nullptr;
};

// What the world says about one step.
struct Observation {
  enum class Effect {
    kAbsent,   // not there: apply it
    kPresent,  // there
    kForeign,  // somebody else changed what it concerns: plan anew, force nothing
  };
  Effect effect = Effect::kAbsent;
  // kForeign: who or what. kPresent: why it must not be undone, empty where it may be. kAbsent: what is
  // in the way of an effect that should be there by now, empty where it was not tried.
  std::string message;
  // kPresent: done, but not in force yet: what is waited for, and what to do where it does not come.
  // It is not done again; it is asked about ever less often, for ten minutes.
  std::string awaits = {};
};

// One entry of spec.secrets.rotators.
struct RotatorEntry {
  std::string name;
  std::string type;  // "Random"
  std::string ns;
  std::string secret;
  std::vector<std::string> keys;
  bool reloadsItself = false;  // reload: Self
  // The blocks of the entry as written (adminRef, postgresql, ...), handed on to the rotator. No value.
  nlohmann::json parameters = nlohmann::json::object();
  nlohmann::json restartWindows = nlohmann::json::array();  // spec.secrets.restart.windows
};
// { "adminRef" } or { "webhook", "hmacRef" }: whether that block names a Secret and a key in it.
bool namesKey(const RotatorEntry& entry, std::initializer_list<std::string_view> path);

// Why a Secret is not rotated, as the end of a sentence, and what to do (empty: what the Secret's type
// suggests).
struct Unfit {
  std::string why;
  std::string todo;
};

// Which Secrets a rotator is for and which steps of its own it has: what the plan is made from.
struct RotatorShape {
  bool creates = false;          // a step that lets the staged credential in where it is checked
  const char* writes = "write";  // the step that brings the next value into the Secret
  bool revokes = false;          // a step that has the previous one refused where it is checked
  std::string_view secretType = "";  // empty: Opaque and basic-auth; "*": any
  std::vector<std::string> keys = {};  // where the policy need not name them
  // What the policy's entry lacks; null: nothing that could be missing.
  std::optional<Unfit> (*unfit)(const RotatorEntry& entry) = nullptr;
  // The object that the Secret has to come from; null: none, it is written in place.
  std::string (*sourceOf)(const nlohmann::json& secret) = nullptr;
  // Said with the plan, before it is carried out.
  std::string_view caveat = "";
};

class Rotator {
 public:
  virtual ~Rotator() = default;
  // The policy's word for it: "Random".
  virtual std::string_view type() const = 0;
  virtual const RotatorShape& shape() const = 0;
  // kConflict: the world is not as the step needs it, plan anew. Another error: as its code says.
  virtual Status apply(const Step& step, RotationContext& context) const = 0;
  virtual Result<Observation> observe(const Step& step, RotationContext& context) const = 0;
  // Takes the step back only where the world still is as the step left it, else kConflict;
  // kInvalid where the step cannot be taken back at all.
  virtual Status undo(const Step& step, RotationContext& context) const = 0;
};

// Null where there is none of that type.
const Rotator* rotatorOfType(std::string_view type);
// The rotator that carries out this External step, by its manifest's "rotator"; null where unknown.
const Rotator* rotatorFor(const Step& step);

}  // namespace firebreak
