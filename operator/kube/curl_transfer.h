// CurlTransfer: one request on one curl easy handle: its options, its callbacks, its answer.
// Internal to CurlTransport; lives on the I/O thread once it was started. Whoever waits for it is
// told in every case, at the latest by the destructor.
#pragma once

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "firebreak/clock.h"
#include "kube/config.h"
#include "kube/credentials.h"
#include "kube/transport.h"

namespace firebreak::kube {

// What the transfers on one multi handle share. I/O thread only.
struct CurlLane {
  CURLM* multi = nullptr;
  std::set<curl_socket_t> sockets;  // so that a stalled connection can be cut
  MonoTime lastBytes{};
  bool pinging = false;
  std::function<void()> onHttp1;  // an answer came by HTTP/1.1; called from inside curl
};

// What every transfer to this server shares; constant after the start.
struct CurlTarget {
  std::string base;       // "https://name:6443/prefix", what goes before the path
  std::string connectTo;  // "name:6443:address:6443" where the TLS name is not the address
  std::string host;       // the Host header in that case
  std::string proxyUrl;
  std::string userAgent;
  bool https = true;
  bool insecure = false;
  std::chrono::milliseconds connectTimeout{5'000};
};

// kInvalid where the server is no URL.
Result<CurlTarget> makeTarget(const ClusterConfig& config);

class CurlTransfer {
 public:
  // One response.
  CurlTransfer(HttpRequest request, std::function<void(TransportResult)> done);
  // A stream.
  CurlTransfer(HttpRequest request, std::shared_ptr<StreamHandler> handler, StreamId id);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // The easy handle, ready for the lane's multi; crashes where there is no memory for it.
  CURL* prepare(const CurlTarget& target, const AuthMaterial& auth, CurlLane& lane);
  // curl is done with it.
  void finish(CURLcode result);
  // It was not even tried.
  void reject(std::string message);
  // Nobody wants to hear of it any more.
  void abandon() { abandoned_ = true; }

  const HttpRequest& request() const { return request_; }
  bool isStream() const { return handler_ != nullptr; }
  bool headSeen() const { return headSeen_; }
  StreamId id() const { return id_; }
  CURL* easy() const { return easy_; }
  CurlLane* lane() const { return lane_; }

 private:
  static size_t onHeader(char* data, size_t, size_t size, void* self);
  static size_t onBody(char* data, size_t, size_t size, void* self);
  static curl_socket_t onOpen(void* lane, curlsocktype, curl_sockaddr* address);
  static int onClose(void* lane, curl_socket_t socket);
  void setTls(const CurlTarget& target, const AuthMaterial& auth);
  void setHeaders(const CurlTarget& target, const AuthMaterial& auth);
  TransportError failure(CURLcode result) const;
  void tell(TransportResult result);

  const HttpRequest request_;
  std::function<void(TransportResult)> done_;
  const std::shared_ptr<StreamHandler> handler_;
  const StreamId id_ = 0;
  std::chrono::milliseconds connectTimeout_{0};
  CURL* easy_ = nullptr;
  CurlLane* lane_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connectTo_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> problem_{};
  HttpResponse response_;
  bool headSeen_ = false;
  bool tooLarge_ = false;
  bool finished_ = false;
  std::atomic<bool> abandoned_ = false;
};

}  // namespace firebreak::kube
