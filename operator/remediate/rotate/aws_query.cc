#include "remediate/rotate/aws_query.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

#include <memory>

namespace firebreak::rotate {
namespace {

constexpr size_t kMaxAnswer = 256 * 1024;

struct Service {
  std::string_view name;
  std::string_view endpoint;
  std::string_view version;
};
constexpr Service kServices[] = {
    {"iam", "https://iam.amazonaws.com/", "2010-05-08"},
    {"sts", "https://sts.amazonaws.com/", "2011-06-15"},
};

// What AWS's error codes mean, whatever status they come with.
struct Meaning {
  std::string_view name;
  ErrorCode code;
};
constexpr Meaning kMeanings[] = {
    {"NoSuchEntity", ErrorCode::kNotFound},
    {"LimitExceeded", ErrorCode::kAlreadyExists},
    {"AccessDenied", ErrorCode::kForbidden},
    {"InvalidClientTokenId", ErrorCode::kUnauthorized},
    {"SignatureDoesNotMatch", ErrorCode::kUnauthorized},
    {"InvalidAccessKeyId", ErrorCode::kUnauthorized},
    {"AuthFailure", ErrorCode::kUnauthorized},
    {"Throttling", ErrorCode::kTooManyRequests},
    {"ThrottlingException", ErrorCode::kTooManyRequests},
    {"RequestLimitExceeded", ErrorCode::kTooManyRequests},
    {"RequestThrottled", ErrorCode::kTooManyRequests},
    {"TooManyRequestsException", ErrorCode::kTooManyRequests},
    {"SlowDown", ErrorCode::kTooManyRequests},
    // Another change of the same user is under way.
    {"ConcurrentModification", ErrorCode::kUnavailable},
    {"EntityTemporarilyUnmodifiable", ErrorCode::kUnavailable},
    // The cluster's identity provider did not answer AWS.
    {"IDPCommunicationError", ErrorCode::kUnavailable},
};

// Signed at a time that AWS does not take (off by more than five minutes) says nothing of the key: its code
// is that of a wrong signature, and only the text tells.
bool isClock(const AwsAnswer& answer) {
  const std::string code = answer.text("Code");
  const std::string text = answer.text("Message");
  return code == "RequestExpired" || code == "RequestTimeTooSkewed" ||
         (code == "SignatureDoesNotMatch" &&
          (text.starts_with("Signature expired") || text.starts_with("Signature not yet current")));
}

ErrorCode meaningOf(long status, std::string_view name) {
  if (status >= 500) return ErrorCode::kUnavailable;
  for (const Meaning& meaning : kMeanings) {
    if (meaning.name == name) return meaning.code;
  }
  return status == 429 ? ErrorCode::kTooManyRequests : ErrorCode::kInvalid;
}

size_t take(char* data, size_t size, size_t count, void* user) {
  auto* body = static_cast<std::string*>(user);
  if (body->size() + size * count > kMaxAnswer) return 0;
  body->append(data, size * count);
  return size * count;
}

std::string escaped(CURL* curl, const std::string& text) {
  std::unique_ptr<char, decltype(&curl_free)> made(
      curl_easy_escape(curl, text.c_str(), static_cast<int>(text.size())), &curl_free);
  return made ? made.get() : "";
}

}  // namespace

std::vector<std::string> AwsAnswer::texts(const std::string& element) const {
  std::vector<std::string> found;
  const std::string& xml = body.bytes();
  const std::string open = "<" + element + ">";
  for (size_t at = xml.find(open); at != std::string::npos; at = xml.find(open, at)) {
    at += open.size();
    size_t end = xml.find('<', at);
    if (end == std::string::npos) break;
    found.push_back(xml.substr(at, end - at));
  }
  return found;
}

std::string AwsAnswer::text(const std::string& element) const {
  auto all = texts(element);
  return all.empty() ? "" : all.front();
}

Result<AwsAnswer> callAws(const std::string& service, const std::string& endpoint, const AwsKey& key,
                          const std::vector<std::pair<std::string, std::string>>& parameters) {
  const Service* known = nullptr;
  for (const Service& candidate : kServices) {
    if (candidate.name == service) known = &candidate;
  }
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (known == nullptr || !curl) return fail(ErrorCode::kInternal, "no way to call AWS " + service);
  CURL* c = curl.get();
  const std::string url = endpoint.empty() ? std::string(known->endpoint) : endpoint;
  std::string form = "Version=" + std::string(known->version);
  std::string action;
  for (const auto& [name, value] : parameters) {
    if (name == "Action") action = value;
    form += "&" + name + "=" + escaped(c, value);
  }
  const std::string what = "AWS " + service + " " + action;
  const std::string signing = "aws:amz:us-east-1:" + service;
  std::string body;
  // At once, so that no copy of a part stays behind when it grows.
  body.reserve(kMaxAnswer);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(c, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(c, CURLOPT_USERAGENT, "firebreak-rotator");
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 15000L);
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, &curl_slist_free_all);
  if (!key.id.empty()) {
    curl_easy_setopt(c, CURLOPT_AWS_SIGV4, signing.c_str());
    curl_easy_setopt(c, CURLOPT_USERNAME, key.id.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, key.secret.bytes().c_str());
  }
  if (key.session.size() > 0) {
    headers.reset(curl_slist_append(nullptr, ("X-Amz-Security-Token: " + key.session.bytes()).c_str()));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  }
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, static_cast<long>(form.size()));
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, form.c_str());
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &body);
  CURLcode code = curl_easy_perform(c);
  AwsAnswer answer{SecretValue(std::move(body))};
  if (code != CURLE_OK) {
    return fail(ErrorCode::kUnavailable, what + ": " + curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200) return answer;
  if (isClock(answer)) {
    return fail(ErrorCode::kUnavailable, what + ": AWS does not take the time at which it was signed: set the "
                                                "clock of the node that the operator runs on");
  }
  std::string name = answer.text("Code").substr(0, 64);
  return tl::unexpected(Error{meaningOf(status, name),
                              what + ": status " + std::to_string(status) + " " + name,
                              static_cast<int>(status), std::chrono::milliseconds{0}});
}

}  // namespace firebreak::rotate
