// Liveness over a Unix socket, for `firebreak healthz` as an exec probe: unlike the HTTP port
// nobody outside the pod can reach or flood it. The socket is an abstract one, since the image's
// root file system is read-only. Owned by HttpServer; askHealthz may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "firebreak/result.h"

namespace firebreak {

// $FIREBREAK_HEALTHZ_SOCKET (two operators in one network namespace need two names), else
// "firebreak-healthz".
std::string healthzSocketName();

class HealthzSocket {
 public:
  // `problem` is called for each probe, on a thread of this object's own; empty = alive.
  static Result<std::unique_ptr<HealthzSocket>> start(const std::string& name,
                                                      std::function<std::string()> problem);
  ~HealthzSocket();
  HealthzSocket(const HealthzSocket&) = delete;
  HealthzSocket& operator=(const HealthzSocket&) = delete;

 private:
  struct Impl;
  explicit HealthzSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The probe's side: an error where nobody answers in time or the answer names a problem.
Status askHealthz(const std::string& name, std::chrono::milliseconds timeout);

}  // namespace firebreak
