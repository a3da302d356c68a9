// KeyRing: the journal's keys, kept in one Secret of the operator's namespace so that both replicas
// and every restart seal and verify with the same ones. Made by POST; AlreadyExists is accepted.
// Thread-safe after load().
#pragma once

#include <mutex>
#include <string>

#include "kube/client.h"
#include "remediate/journal.h"

namespace firebreak::control {

class KeyRing {
 public:
  KeyRing(kube::Client& client, std::string ns, std::string secretName);

  // Reads the Secret, making it where it is absent.
  Status load();
  // Empty until load() succeeded: nothing is sealed and so nothing is written.
  remediate::JournalKeys keys() const;
  // A name for a target that says nothing about it: 16 hexadecimal digits.
  std::string tag(std::string_view text) const;

 private:
  Result<Json> readOrMake();

  kube::Client& client_;
  const std::string ns_;
  const std::string secretName_;
  mutable std::mutex mutex_;
  remediate::JournalKeys keys_;
};

}  // namespace firebreak::control
