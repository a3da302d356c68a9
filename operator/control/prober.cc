#include "control/prober.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string_view>

#include "detect/dashboards/address.h"
#include "detect/signatures/dashboards.h"

namespace firebreak::control {
namespace {

using detect::ProbeAnswer;
using Outcome = ProbeAnswer::Outcome;

constexpr size_t kMaxBody = 64 * 1024;
constexpr std::chrono::minutes kBudgetWindow{1};

struct Exchange {
  ProbeAnswer answer;
  std::string address;  // the only one that a socket may be opened to
  bool fenced = false;  // another one was about to be opened
};

size_t takeBody(char* data, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const size_t length = size * count;
  const size_t room = kMaxBody - exchange->answer.body.size();
  exchange->answer.body.append(data, std::min(room, length));
  if (length <= room) return length;
  exchange->answer.truncated = true;
  return 0;  // ends the transfer
}

size_t takeHeader(char* data, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const std::string_view line(data, size * count);
  constexpr std::string_view kLocation = "location:";
  const bool isLocation =
      line.size() > kLocation.size() &&
      std::equal(kLocation.begin(), kLocation.end(), line.begin(),
                 [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
  if (isLocation) {
    const std::string_view value = line.substr(kLocation.size());
    const size_t start = value.find_first_not_of(" \t");
    const size_t end = value.find_last_not_of(" \t\r\n");
    if (start != std::string_view::npos && end != std::string_view::npos) {
      exchange->answer.location = value.substr(start, end - start + 1);
    }
  }
  return size * count;
}

// The last fence: whatever the URL says, a socket is only opened to the address that was allowed.
curl_socket_t openSocket(void* user, curlsocktype, curl_sockaddr* target) {
  auto* exchange = static_cast<Exchange*>(user);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (target->family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(&target->addr)->sin_addr;
  } else if (target->family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(&target->addr)->sin6_addr;
  } else {
    return CURL_SOCKET_BAD;
  }
  inet_ntop(target->family, bytes, text.data(), text.size());
  if (detect::normalAddress(text.data()) != exchange->address) {
    exchange->fenced = true;
    return CURL_SOCKET_BAD;
  }
  return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

Outcome outcomeOf(CURLcode code, const Exchange& exchange) {
  if (exchange.fenced) return Outcome::kFailed;
  switch (code) {
    case CURLE_OK:
      return Outcome::kAnswered;
    case CURLE_WRITE_ERROR:
      return exchange.answer.truncated ? Outcome::kAnswered : Outcome::kFailed;
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return Outcome::kRefused;
    case CURLE_OPERATION_TIMEDOUT:
      return Outcome::kTimedOut;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
      return Outcome::kTlsError;
    default:
      return Outcome::kFailed;
  }
}

ProbeAnswer failed(const std::string& path, std::string error) {
  ProbeAnswer answer;
  answer.path = path;
  answer.error = std::move(error);
  return answer;
}

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// What every request has: nothing of this process's environment, no name looked up, no redirect.
void setCommon(CURL* curl, Exchange* exchange, std::chrono::milliseconds timeout) {
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, openSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
}

// A host name from an Ingress goes into a header and a URL: letters, digits, dots and dashes only.
bool isPlainHost(const std::string& host) {
  return host.size() <= 253 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-';
         });
}

bool isPlainPath(const std::string& path) {
  return path.starts_with('/') && path.size() <= 2048 &&
         std::all_of(path.begin(), path.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

Prober::Prober(ProberOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (int i = 0; i < std::max(1, options_.workers); ++i) workers_.emplace_back([this] { work(); });
}

Prober::~Prober() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool Prober::withinBudget() {
  const MonoTime now = clock_.mono();
  std::lock_guard lock(mutex_);
  while (!sent_.empty() && now - sent_.front() >= kBudgetWindow) sent_.pop_front();
  if (sent_.size() >= static_cast<size_t>(std::max(1, options_.requestsPerMinute))) return false;
  sent_.push_back(now);
  return true;
}

std::string Prober::refusal(const std::string& address, int port, const Addresses& allowed) {
  const auto normal = detect::normalAddress(address);
  if (!normal) return "not asked: the target is no IP address, and names are never looked up";
  const bool ownLoopback = options_.allowLoopback && detect::isLoopback(*normal);
  if (!detect::isProbeableAddress(*normal) && !ownLoopback) {
    return "not asked: " + *normal + " is never probed";
  }
  if (!allowed.contains(*normal)) {
    return "not asked: " + *normal + " is not an address of this cluster";
  }
  if (port < 1 || port > 65535) return "not asked: no port";
  if (!withinBudget()) return "not asked: the budget of requests per minute is used up";
  return "";
}

ProbeAnswer Prober::probe(const ProbeRequest& request, const Addresses& allowed) {
  if (!isPlainPath(request.path) || !isPlainHost(request.host) ||
      (request.scheme != "http" && request.scheme != "https")) {
    return failed(request.path, "not asked: scheme, host or path is not plain");
  }
  if (detect::hasSideEffects(request.path)) {
    return failed(request.path, "not asked: a GET of this path has side effects");
  }
  std::string refused = refusal(request.address, request.port, allowed);
  if (!refused.empty()) return failed(request.path, std::move(refused));

  Handle curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return failed(request.path, "no memory for a request");
  Exchange exchange;
  exchange.address = *detect::normalAddress(request.address);
  exchange.answer.path = request.path;
  setCommon(curl.get(), &exchange, request.timeout);

  const std::string target = detect::hostPort(exchange.address, request.port);
  const std::string authority =
      request.host.empty() ? target : detect::hostPort(request.host, request.port);
  const std::string url = request.scheme + "://" + authority + request.path;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PATH_AS_IS, 1L);
  // Any name in the URL goes to the allowed address, without a look-up.
  List connectTo(curl_slist_append(nullptr, ("::" + target).c_str()), curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECT_TO, connectTo.get());
  const std::string agent =
      "firebreak-prober/" + options_.version + " (+unauthenticated exposure check)";
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl.get(), CURLOPT_HTTP09_ALLOWED, 0L);
  // Whoever answers is judged by what it says; a self-signed certificate is what most consoles have.
  curl_easy_setopt(curl.get(), CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, takeBody);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, takeHeader);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &exchange);

  const CURLcode code = curl_easy_perform(curl.get());
  ProbeAnswer& answer = exchange.answer;
  answer.outcome = outcomeOf(code, exchange);
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  const char* type = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) answer.contentType = type;
  if (answer.outcome != Outcome::kAnswered) answer.error = curl_easy_strerror(code);
  return answer;
}

ProbeAnswer Prober::tcpConnect(const std::string& address, int port, const Addresses& allowed,
                               std::chrono::milliseconds timeout) {
  std::string refused = refusal(address, port, allowed);
  if (!refused.empty()) return failed("", std::move(refused));
  Handle curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return failed("", "no memory for a request");
  Exchange exchange;
  exchange.address = *detect::normalAddress(address);
  setCommon(curl.get(), &exchange, timeout);
  const std::string url = "http://" + detect::hostPort(exchange.address, port) + "/";
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CONNECT_ONLY, 1L);
  const CURLcode code = curl_easy_perform(curl.get());
  exchange.answer.outcome = outcomeOf(code, exchange);
  if (code != CURLE_OK) exchange.answer.error = curl_easy_strerror(code);
  return exchange.answer;
}

bool Prober::submit(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.maxQueued) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

bool Prober::submit(ProbeRequest request, Addresses allowed, Callback callback) {
  return submit([this, request = std::move(request), allowed = std::move(allowed),
                 callback = std::move(callback)] { callback(probe(request, allowed)); });
}

void Prober::work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
  }
}

}  // namespace firebreak::control
