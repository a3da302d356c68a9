#include "control/web_identity_file.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace firebreak::control {
namespace {

constexpr size_t kMost = 16 * 1024;

}  // namespace

std::string WebIdentityFile::pathFromEnvironment() {
  const char* path = std::getenv("AWS_WEB_IDENTITY_TOKEN_FILE");
  return path == nullptr ? "" : path;
}

Result<SecretValue> WebIdentityFile::token() {
  std::ifstream file(path_, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  SecretValue token(std::move(text));
  if (token.size() == 0 || token.size() > kMost) {
    return fail(ErrorCode::kUnavailable, "no token for AWS in " + path_);
  }
  return token;
}

}  // namespace firebreak::control
