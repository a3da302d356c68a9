#include "kube/api_status.h"

#include <algorithm>

#include "base/json.h"

namespace firebreak::kube {
namespace {

struct CodeRow {
  int httpStatus;
  ErrorCode code;
  const char* nextStep;  // what a person can do; empty where the cause says it all
};

constexpr CodeRow kCodes[] = {
    {400, ErrorCode::kInvalid, ""},
    {401, ErrorCode::kUnauthorized,
     "; check the token or client certificate (expired, or of another cluster?)"},
    {403, ErrorCode::kForbidden,
     "; grant this right in the Role of the user named, or turn off what needs it"},
    {404, ErrorCode::kNotFound, ""},
    {405, ErrorCode::kInvalid, ""},
    {406, ErrorCode::kInvalid, ""},
    {409, ErrorCode::kConflict, "; read the object again and decide again"},
    {410, ErrorCode::kGone, "; list again"},
    {413, ErrorCode::kInvalid, ""},
    {415, ErrorCode::kInvalid, ""},
    {422, ErrorCode::kInvalid, ""},
    {429, ErrorCode::kTooManyRequests, "; try again later"},
    {500, ErrorCode::kUnavailable, "; the API server's log says more"},
    {502, ErrorCode::kUnavailable, "; try again later"},
    {503, ErrorCode::kUnavailable, "; try again later"},
    {504, ErrorCode::kUnavailable, "; try again later"},
};

const CodeRow* rowOf(int httpStatus) {
  for (const CodeRow& row : kCodes) {
    if (row.httpStatus == httpStatus) return &row;
  }
  return nullptr;
}

}  // namespace

bool ApiStatus::hasCause(std::string_view wanted) const {
  return std::any_of(causes.begin(), causes.end(),
                     [&](const StatusCause& cause) { return cause.reason == wanted; });
}

ApiStatus parseApiStatus(std::string_view body, int httpStatus,
                         std::chrono::milliseconds retryAfterHeader) {
  ApiStatus out;
  out.code = httpStatus;
  out.retryAfter = retryAfterHeader;
  const auto json = parseJson(body, "status");
  if (!json || stringOr(member(*json, "kind")) != "Status") {
    out.message = "HTTP " + std::to_string(httpStatus);
    return out;
  }
  out.code =
      static_cast<int>(std::clamp<int64_t>(intOr(member(*json, "code"), httpStatus), 0, 999));
  out.reason = stringOr(member(*json, "reason"));
  out.message = stringOr(member(*json, "message"), "HTTP " + std::to_string(httpStatus));
  const Json& details = member(*json, "details");
  const Json& causes = member(details, "causes");
  if (causes.is_array()) {
    for (const Json& cause : causes) {
      out.causes.push_back({stringOr(member(cause, "field")), stringOr(member(cause, "reason")),
                            stringOr(member(cause, "message"))});
    }
  }
  const auto seconds = std::clamp<int64_t>(intOr(member(details, "retryAfterSeconds"), 0), 0, 3600);
  out.retryAfter =
      std::max<std::chrono::milliseconds>(retryAfterHeader, std::chrono::seconds(seconds));
  return out;
}

ErrorCode codeOf(const ApiStatus& status) {
  if (status.reason == "AlreadyExists") return ErrorCode::kAlreadyExists;
  if (status.reason == "Expired" || status.reason == "Gone") return ErrorCode::kGone;
  if (const CodeRow* row = rowOf(status.code)) return row->code;
  return status.code >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
}

Error toError(const ApiStatus& status, std::string_view what) {
  Error error;
  error.code = codeOf(status);
  error.httpStatus = status.code;
  error.retryAfter = status.retryAfter;
  error.message = std::string(what) + ": " + status.message;
  // The server repeats short lists of causes in its message, long ones and other reasons not.
  for (const StatusCause& cause : status.causes) {
    if (cause.message.empty() || status.message.find(cause.message) != std::string::npos) continue;
    error.message += "; " + (cause.field.empty() ? "" : cause.field + ": ") + cause.message;
  }
  const CodeRow* row = rowOf(status.code);
  if (row && error.code != ErrorCode::kAlreadyExists) error.message += row->nextStep;
  return error;
}

}  // namespace firebreak::kube
