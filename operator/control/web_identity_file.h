// WebIdentityFile: the projected ServiceAccount token with which the operator takes on a role at AWS. The
// kubelet renews the file; it is read for each use. Safe from any thread.
#pragma once

#include <string>

#include "firebreak/rotator.h"

namespace firebreak::control {

class WebIdentityFile : public WebIdentity {
 public:
  // $AWS_WEB_IDENTITY_TOKEN_FILE, as every AWS client has it; empty where there is none.
  static std::string pathFromEnvironment();

  explicit WebIdentityFile(std::string path) : path_(std::move(path)) {}
  Result<SecretValue> token() override;

 private:
  const std::string path_;
};

}  // namespace firebreak::control
