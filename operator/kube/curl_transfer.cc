#include "kube/curl_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;

// A peer that does not acknowledge for this long is gone.
constexpr unsigned kTcpUserTimeoutMs = 30'000;

// Results after which the server cannot have seen the request.
bool neverSent(CURLcode result) {
  switch (result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return true;
    default:
      return false;
  }
}

const char* nextStep(CURLcode result) {
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "; is the API server reachable from here?";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "; check certificate-authority in the kubeconfig";
    case CURLE_SSL_CERTPROBLEM:
      return "; check the client certificate and key in the kubeconfig";
    default:
      return "";
  }
}

// "Retry-After: 3"; a date, which the API server never sends, is left alone.
milliseconds readRetryAfter(std::string_view line) {
  constexpr std::string_view kName = "retry-after:";
  if (line.size() <= kName.size() || strncasecmp(line.data(), kName.data(), kName.size()) != 0) {
    return milliseconds(0);
  }
  line.remove_prefix(kName.size());
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  int seconds = 0;
  const auto read = std::from_chars(line.data(), line.data() + line.size(), seconds);
  if (read.ec != std::errc() || seconds < 0 || seconds > 3600) return milliseconds(0);
  return std::chrono::seconds(seconds);
}

curl_blob blobOf(const std::string& text) {
  // curl takes a pointer to non-const bytes, which it copies.
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
}

std::string urlPart(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || !text) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

}  // namespace

Result<CurlTarget> makeTarget(const ClusterConfig& config) {
  CurlTarget out;
  out.base = config.server;
  out.proxyUrl = config.proxyUrl;
  out.insecure = config.insecureSkipTlsVerify;
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, config.server.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorCode::kInvalid, "connect to \"" + config.server + "\": this is no URL");
  }
  out.https = urlPart(url.get(), CURLUPART_SCHEME) == "https";
  if (config.tlsServerName.empty()) return out;
  // curl takes the name for SNI and verification from the URL; the address goes elsewhere.
  const std::string host = urlPart(url.get(), CURLUPART_HOST);
  const std::string port = urlPart(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  out.connectTo = config.tlsServerName + ":" + port + ":" + host + ":" + port;
  out.host = "Host: " + host + ":" + port;
  curl_url_set(url.get(), CURLUPART_HOST, config.tlsServerName.c_str(), 0);
  out.base = urlPart(url.get(), CURLUPART_URL);
  while (!out.base.empty() && out.base.back() == '/') out.base.pop_back();
  return out;
}

CurlTransfer::CurlTransfer(HttpRequest request, std::function<void(TransportResult)> done)
    : request_(std::move(request)), done_(std::move(done)) {}

CurlTransfer::CurlTransfer(HttpRequest request, std::shared_ptr<StreamHandler> handler, StreamId id)
    : request_(std::move(request)), handler_(std::move(handler)), id_(id) {}

CurlTransfer::~CurlTransfer() {
  if (!finished_) finish(CURLE_ABORTED_BY_CALLBACK);
  if (easy_) curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connectTo_);
}

CURL* CurlTransfer::prepare(const CurlTarget& target, const AuthMaterial& auth, CurlLane& lane) {
  easy_ = curl_easy_init();
  if (!easy_) std::abort();
  lane_ = &lane;
  connectTimeout_ = target.connectTimeout;
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_, option, value);
  };
  set(CURLOPT_URL, (target.base + request_.path).c_str());
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, problem_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Wait for the connection that exists rather than open another; HTTP/1.1 has no use for that.
  set(CURLOPT_PIPEWAIT, target.https ? 1L : 0L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(target.connectTimeout.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 30L);
  set(CURLOPT_TCP_KEEPINTVL, 10L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::onOpen);
  set(CURLOPT_OPENSOCKETDATA, &lane);
  set(CURLOPT_CLOSESOCKETFUNCTION, &CurlTransfer::onClose);
  set(CURLOPT_CLOSESOCKETDATA, &lane);
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::onHeader);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::onBody);
  set(CURLOPT_WRITEDATA, this);
  if (!target.proxyUrl.empty()) {
    set(CURLOPT_PROXY, target.proxyUrl.c_str());
    set(CURLOPT_NOPROXY, "");
  }
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (!request_.body.empty() || request_.method == "POST") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
  }
  setTls(target, auth);
  setHeaders(target, auth);
  return easy_;
}

void CurlTransfer::setTls(const CurlTarget& target, const AuthMaterial& auth) {
  if (target.insecure) {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!auth.caPem.empty()) {
    // The cluster's own authority and no other: the system's folder would be trusted as well.
    curl_easy_setopt(easy_, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
    curl_blob ca = blobOf(auth.caPem);
    curl_easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &ca);
  }
  if (auth.certPem.empty()) return;
  curl_blob cert = blobOf(auth.certPem);
  curl_blob key = blobOf(auth.keyPem);
  curl_easy_setopt(easy_, CURLOPT_SSLCERT_BLOB, &cert);
  curl_easy_setopt(easy_, CURLOPT_SSLKEY_BLOB, &key);
}

void CurlTransfer::setHeaders(const CurlTarget& target, const AuthMaterial& auth) {
  const auto add = [this](const std::string& line) {
    headers_ = curl_slist_append(headers_, line.c_str());
  };
  add("Accept: " + request_.accept);
  add("Expect:");
  if (!request_.body.empty()) add("Content-Type: " + request_.contentType);
  if (!target.host.empty()) add(target.host);
  for (const std::string& line : auth.headers) add(line);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, target.userAgent.c_str());
  if (target.connectTo.empty()) return;
  connectTo_ = curl_slist_append(nullptr, target.connectTo.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connectTo_);
}

curl_socket_t CurlTransfer::onOpen(void* lane, curlsocktype, curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kTcpUserTimeoutMs, sizeof kTcpUserTimeoutMs);
  static_cast<CurlLane*>(lane)->sockets.insert(fd);
  return fd;
}

int CurlTransfer::onClose(void* lane, curl_socket_t socket) {
  static_cast<CurlLane*>(lane)->sockets.erase(socket);
  return close(socket);
}

size_t CurlTransfer::onHeader(char* data, size_t, size_t size, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  transfer->lane_->lastBytes = std::chrono::steady_clock::now();
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) transfer->response_ = HttpResponse{};
  if (line.starts_with("HTTP/1.") && transfer->lane_->onHttp1) transfer->lane_->onHttp1();
  if (const auto wait = readRetryAfter(line); wait.count() > 0) {
    transfer->response_.retryAfter = wait;
  }
  if (line != "\r\n" && line != "\n") return size;
  long code = 0;
  curl_easy_getinfo(transfer->easy_, CURLINFO_RESPONSE_CODE, &code);
  transfer->response_.status = static_cast<int>(code);
  if (code < 200 || transfer->headSeen_) return size;
  transfer->headSeen_ = true;
  if (transfer->handler_ && !transfer->abandoned_) {
    transfer->handler_->onHead(transfer->response_.status, transfer->response_.retryAfter);
  }
  return size;
}

size_t CurlTransfer::onBody(char* data, size_t, size_t size, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  transfer->lane_->lastBytes = std::chrono::steady_clock::now();
  if (transfer->abandoned_) return 0;
  if (transfer->handler_) {
    return transfer->handler_->onData(std::string_view(data, size)) ? size : 0;
  }
  std::string& body = transfer->response_.body;
  if (body.size() + size > transfer->request_.maxBodyBytes) {
    transfer->tooLarge_ = true;
    return 0;
  }
  body.append(data, size);
  return size;
}

TransportError CurlTransfer::failure(CURLcode result) const {
  TransportError out;
  out.error.code = ErrorCode::kUnavailable;
  out.sent = neverSent(result) || !easy_ ? Sent::kNo : Sent::kMaybe;
  if (result == CURLE_ABORTED_BY_CALLBACK) {
    out.error.message = "the client is shutting down";
  } else if (tooLarge_) {
    out.error.code = ErrorCode::kInvalid;
    out.error.message = "the answer is larger than " + std::to_string(request_.maxBodyBytes) +
                        " bytes; narrow it with a selector";
  } else if (result == CURLE_OPERATION_TIMEDOUT) {
    curl_off_t sentAt = 0;
    curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &sentAt);
    if (sentAt == 0) {
      const auto waited = std::min(connectTimeout_, request_.timeout);
      out.sent = Sent::kNo;
      out.error.message = "no connection within " + std::to_string(waited.count()) + " ms" +
                          nextStep(CURLE_COULDNT_CONNECT);
      return out;
    }
    out.error.code = ErrorCode::kTimeout;
    out.error.message = "no answer within " + std::to_string(request_.timeout.count()) + " ms";
  } else {
    out.error.message = problem_[0] ? problem_.data() : curl_easy_strerror(result);
    out.error.message += nextStep(result);
  }
  return out;
}

void CurlTransfer::finish(CURLcode result) {
  if (result == CURLE_OK) {
    tell(std::move(response_));
  } else {
    tell(tl::unexpected(failure(result)));
  }
}

void CurlTransfer::reject(std::string message) {
  tell(tl::unexpected(
      TransportError{Error{ErrorCode::kTooManyRequests, std::move(message), 0, {}}, Sent::kNo}));
}

void CurlTransfer::tell(TransportResult result) {
  finished_ = true;
  if (abandoned_) return;
  if (handler_) {
    handler_->onEnd(result ? Status() : tl::unexpected(result.error().error));
    return;
  }
  // Moved out first: the callback may be the last to hold what it refers to.
  auto done = std::move(done_);
  if (done) done(std::move(result));
}

}  // namespace firebreak::kube
