#include "kube/credentials.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "kube/resource_types.h"

namespace firebreak::kube {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(10);
constexpr auto kRenewBefore = std::chrono::minutes(1);

Result<std::string> readFile(const std::string& path, const char* what) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    return fail(ErrorCode::kUnauthorized,
                std::string("read ") + what + " " + path + ": missing, empty or not readable");
  }
  return text.str();
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

struct FileField {
  const std::string& path;
  const std::string& text;  // from the kubeconfig itself; wins
  const char* what;
  std::string* out;
};

}  // namespace

Credentials::Credentials(ClusterConfig config, Clock& clock)
    : config_(std::move(config)), clock_(clock) {}

Status Credentials::renew() {
  std::optional<ExecCredential> fresh;
  if (config_.exec) {
    auto ran = runExecPlugin(config_);
    if (!ran) return tl::unexpected(ran.error());
    fresh = std::move(*ran);
  }
  std::lock_guard lock(mutex_);
  lastRun_ = clock_.mono();
  if (fresh) fromPlugin_ = std::move(fresh);
  lastLook_ = clock_.mono();
  return readFilesLocked();
}

std::shared_ptr<const AuthMaterial> Credentials::current() {
  std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  if (now - lastLook_ >= kLookEvery) {
    lastLook_ = now;
    if (auto status = readFilesLocked(); !status) {
      log::warn("credential not renewed", {{"cause", status.error().message}});
    }
  }
  return material_;
}

void Credentials::suspect() {
  std::lock_guard lock(mutex_);
  lastLook_ = {};
}

bool Credentials::expiring() const {
  std::lock_guard lock(mutex_);
  return fromPlugin_ && fromPlugin_->expires && clock_.mono() - lastRun_ >= kLookEvery &&
         clock_.wall() + kRenewBefore >= *fromPlugin_->expires;
}

Status Credentials::readFilesLocked() {
  auto next = std::make_shared<AuthMaterial>();
  std::string token = config_.token;
  std::string tokenFromFile;
  const std::string none;
  const FileField fields[] = {
      {config_.caFile, config_.caPem, "certificate authority", &next->caPem},
      {config_.certFile, config_.certPem, "client certificate", &next->certPem},
      {config_.keyFile, config_.keyPem, "client key", &next->keyPem},
      {config_.tokenFile, none, "token", &tokenFromFile},
  };
  for (const FileField& field : fields) {
    *field.out = field.text;
    if (!field.text.empty() || field.path.empty()) continue;
    auto text = readFile(field.path, field.what);
    if (!text) return tl::unexpected(text.error());
    *field.out = std::move(*text);
  }
  if (!tokenFromFile.empty()) token = trimmed(tokenFromFile);
  if (fromPlugin_) {
    if (!fromPlugin_->token.empty()) token = fromPlugin_->token;
    if (!fromPlugin_->certPem.empty()) {
      next->certPem = fromPlugin_->certPem;
      next->keyPem = fromPlugin_->keyPem;
    }
  }
  if (!token.empty()) {
    next->headers.push_back("Authorization: Bearer " + token);
  } else if (!config_.username.empty()) {
    next->headers.push_back("Authorization: Basic " +
                            base64Encode(config_.username + ":" + config_.password));
  }
  if (!config_.impersonateUser.empty()) {
    next->headers.push_back("Impersonate-User: " + config_.impersonateUser);
    for (const std::string& group : config_.impersonateGroups) {
      next->headers.push_back("Impersonate-Group: " + group);
    }
    if (!config_.impersonateUid.empty()) {
      next->headers.push_back("Impersonate-Uid: " + config_.impersonateUid);
    }
    for (const auto& [key, value] : config_.impersonateExtra) {
      // A header's name: what may not stand there is percent-encoded, as kubectl does it.
      next->headers.push_back("Impersonate-Extra-" + urlEncode(key) + ": " + value);
    }
  }
  material_ = std::move(next);
  return {};
}

}  // namespace firebreak::kube
