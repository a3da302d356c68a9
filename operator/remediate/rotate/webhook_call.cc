#include "remediate/rotate/webhook_call.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include <memory>

#include "base/digest.h"

namespace firebreak::rotate {
namespace {

constexpr size_t kMaxAnswer = 64 * 1024;
constexpr long kConnectMs = 5'000;
constexpr long kTotalMs = 15'000;

// Wiped: it may hold the new credential.
struct Answer {
  std::string body;
  bool tooLong = false;
  ~Answer() { OPENSSL_cleanse(body.data(), body.size()); }
};

size_t take(char* data, size_t size, size_t count, void* user) {
  auto* answer = static_cast<Answer*>(user);
  if (answer->body.size() + size * count > kMaxAnswer) {
    answer->tooLong = true;
    return 0;
  }
  // Reserved at once, so that no copy of a part stays behind when it grows.
  answer->body.append(data, size * count);
  return size * count;
}

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void add(Headers& headers, const std::string& line) {
  curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
  if (longer == nullptr) return;
  (void)headers.release();
  headers.reset(longer);
}

}  // namespace

Result<Json> callWebhook(const WebhookRequest& request, const SecretValue& hmacKey,
                         const Clock& clock) {
  const std::string what = "webhook " + request.url.substr(0, request.url.find('?'));
  if (!request.url.starts_with("https://")) {
    return fail(ErrorCode::kInvalid, what + ": only https is called");
  }
  if (hmacKey.size() == 0) return fail(ErrorCode::kInvalid, what + ": hmacRef holds no key");
  Handle curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return fail(ErrorCode::kInternal, what + ": no handle");
  std::string body = dumpJson(request.body);
  std::string time = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count());
  Headers headers(nullptr, &curl_slist_free_all);
  add(headers, "Content-Type: application/json");
  add(headers, "Expect:");
  add(headers, "Idempotency-Key: " + request.idempotencyKey);
  add(headers, "Firebreak-Timestamp: " + time);
  // With the time in it, so that a call cannot be replayed later.
  add(headers, "Firebreak-Signature: sha256=" + hmacSha256Hex(hmacKey.bytes(), time + "." + body));
  Answer answer;
  answer.body.reserve(kMaxAnswer);
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(c, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(c, CURLOPT_USERAGENT, "firebreak-rotator");
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, kTotalMs);
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer);
  if (!request.ca.empty()) {
    curl_blob blob{const_cast<char*>(request.ca.data()), request.ca.size(), CURL_BLOB_COPY};
    curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
  }
  CURLcode code = curl_easy_perform(c);
  if (answer.tooLong) return fail(ErrorCode::kInvalid, what + ": its answer is too long");
  if (code != CURLE_OK) {
    return fail(ErrorCode::kUnavailable, what + ": " + curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 500 || status == 429) {
    return fail(ErrorCode::kUnavailable, what + ": status " + std::to_string(status));
  }
  if (status != 200 && status != 202) {
    return fail(ErrorCode::kInvalid, what + ": status " + std::to_string(status));
  }
  Json json = Json::parse(answer.body, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::kInvalid, what + ": its answer is no JSON object");
  return json;
}

}  // namespace firebreak::rotate
