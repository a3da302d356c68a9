// Credentials: who we are to the API server at this moment: the Authorization header, our
// certificate, and whom we trust. Files are read again when they change, tokens of an exec plugin
// before they expire, everything at once after a 401.
// Owned by the transport. Every method may be called from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "firebreak/clock.h"
#include "kube/config.h"
#include "kube/exec_plugin.h"

namespace firebreak::kube {

// What one request carries. Never logged.
struct AuthMaterial {
  std::vector<std::string> headers;  // "Authorization: Bearer ..."
  std::string caPem;                 // empty = the system's
  std::string certPem;
  std::string keyPem;
};

class Credentials {
 public:
  Credentials(ClusterConfig config, Clock& clock);

  // Reads everything; runs the exec plugin where there is one, so it may block for a minute.
  Status renew();
  // Looks at the files at most every ten seconds; cheap otherwise.
  std::shared_ptr<const AuthMaterial> current();
  // The next current() looks, however soon: a connection failed, so a file may have changed.
  void suspect();
  bool hasPlugin() const { return config_.exec.has_value(); }
  // The plugin's credential ends within a minute and the plugin was not asked just now: renew()
  // should be called.
  bool expiring() const;

 private:
  Status readFilesLocked();

  const ClusterConfig config_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const AuthMaterial> material_ = std::make_shared<AuthMaterial>();
  std::optional<ExecCredential> fromPlugin_;
  MonoTime lastLook_{};
  MonoTime lastRun_{};  // of the plugin
};

}  // namespace firebreak::kube
