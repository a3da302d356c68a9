// A SecretStore in memory with the API server's rules (uid, resourceVersion, AlreadyExists), that
// can die at any call: before the write, or after it and before the answer. Single-threaded.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "firebreak/rotator.h"

namespace firebreak::testing {

class MemorySecretStore : public SecretStore {
 public:
  enum class Crash { kNever, kBeforeWrite, kAfterWrite };

  // The n-th write of all (from 0) fails with kTimeout, once.
  void crashAt(int write, Crash how) {
    crashAt_ = write;
    crash_ = how;
  }
  int writes() const { return writes_; }
  std::function<void()> beforeWrite;  // what somebody else does in that moment

  StoredSecret& put(StoredSecret secret) {
    if (secret.meta.uid.empty()) secret.meta.uid = "uid-" + std::to_string(++uids_);
    secret.meta.resourceVersion = std::to_string(++versions_);
    return objects_[{secret.meta.ns, secret.meta.name}] = std::move(secret);
  }
  const StoredSecret* find(const std::string& ns, const std::string& name) const {
    auto found = objects_.find({ns, name});
    return found == objects_.end() ? nullptr : &found->second;
  }
  const StoredSecret& at(const std::string& ns, const std::string& name) const {
    return objects_.at({ns, name});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [key, object] : objects_) names.push_back(key.second);
    return names;
  }
  // Somebody else writes.
  void overwrite(const std::string& ns, const std::string& name, const std::string& key,
                 const std::string& value) {
    StoredSecret& secret = objects_.at({ns, name});
    secret.data[key] = SecretValue(value);
    secret.meta.resourceVersion = std::to_string(++versions_);
  }
  void erase(const std::string& ns, const std::string& name) { objects_.erase({ns, name}); }

  Result<StoredSecret> get(const std::string& ns, const std::string& name) override {
    const StoredSecret* secret = find(ns, name);
    if (secret == nullptr) return fail(ErrorCode::kNotFound, "no Secret " + ns + "/" + name);
    return *secret;
  }

  Result<StoredSecret> create(const StoredSecret& secret) override {
    if (dies(Crash::kBeforeWrite)) return lost();
    if (find(secret.meta.ns, secret.meta.name) != nullptr) {
      return fail(ErrorCode::kAlreadyExists, "Secret exists");
    }
    StoredSecret& made = put(secret);
    if (dies(Crash::kAfterWrite)) return lost();
    return made;
  }

  Result<StoredSecret> patch(const std::string& ns, const std::string& name,
                             const SecretPrecondition& precondition,
                             const std::map<std::string, SecretValue>& keys,
                             const StringMap& annotations) override {
    if (dies(Crash::kBeforeWrite)) return lost();
    auto found = objects_.find({ns, name});
    if (found == objects_.end()) return fail(ErrorCode::kNotFound, "no Secret " + name);
    if (!holds(found->second, precondition)) return fail(ErrorCode::kConflict, "changed");
    for (const auto& [key, value] : keys) found->second.data[key] = value;
    for (const auto& [key, value] : annotations) found->second.meta.annotations[key] = value;
    found->second.meta.resourceVersion = std::to_string(++versions_);
    if (dies(Crash::kAfterWrite)) return lost();
    return found->second;
  }

  Status remove(const std::string& ns, const std::string& name,
                const SecretPrecondition& precondition) override {
    if (dies(Crash::kBeforeWrite)) return lost();
    auto found = objects_.find({ns, name});
    if (found == objects_.end()) return fail(ErrorCode::kNotFound, "no Secret " + name);
    if (!holds(found->second, precondition)) return fail(ErrorCode::kConflict, "changed");
    objects_.erase(found);
    if (dies(Crash::kAfterWrite)) return lost();
    return {};
  }

 private:
  static bool holds(const StoredSecret& secret, const SecretPrecondition& precondition) {
    return secret.meta.uid == precondition.uid &&
           secret.meta.resourceVersion == precondition.resourceVersion;
  }
  static tl::unexpected<Error> lost() { return fail(ErrorCode::kTimeout, "no answer in time"); }
  // Counts writes at the first of its two questions.
  bool dies(Crash at) {
    if (at == Crash::kBeforeWrite) {
      ++writes_;
      if (beforeWrite) beforeWrite();
    }
    if (crash_ != at || crashAt_ < 0) return false;
    int index = writes_ - 1;
    if (index != crashAt_) return false;
    crash_ = Crash::kNever;
    return true;
  }

  std::map<std::pair<std::string, std::string>, StoredSecret> objects_;
  int uids_ = 0;
  int versions_ = 100;
  int writes_ = 0;
  int crashAt_ = -1;
  Crash crash_ = Crash::kNever;
};

// Bytes that differ at each call and are the same in each run.
class CountingRandom : public RandomSource {
 public:
  SecretValue bytes(size_t count) override {
    std::string text(count, '\0');
    for (char& c : text)
      c = static_cast<char>(state_ = state_ * 1103515245U + 12345U, state_ >> 16U);
    return SecretValue(std::move(text));
  }

 private:
  unsigned state_ = 42;
};

}  // namespace firebreak::testing
