#include "kube/curl_transport.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "kube/credentials.h"
#include "kube/curl_loop.h"
#include "kube/curl_transfer.h"
#include "kube/request_queue.h"

namespace firebreak::kube {
namespace {

// One connection does; the second is room for a new certificate or a server that says goodbye.
constexpr long kHttp2Connections = 2;

class CurlTransport : public Transport {
 public:
  CurlTransport(const ClusterConfig& config, CurlTarget target, CurlOptions options)
      : options_(std::move(options)),
        target_(std::move(target)),
        credentials_(config, systemClock()),
        queue_(options_.maxInFlight) {
    const auto done = [this](CURL* easy, CURLcode result) { ended(easy, result); };
    for (CurlLane* lane : {&calls_, &streams_}) {
      lane->multi = loop_.addMulti(done);
      curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
      // With the first answer, not its end: a watch ends in minutes, and others wait for a place.
      lane->onHttp1 = [this] {
        if (!wide_) loop_.post([this] { widen(); });
      };
    }
    limitConnections(!target_.https);
  }
  ~CurlTransport() override { stop(); }

  Status begin() {
    if (auto status = credentials_.renew(); !status) return status;
    loop_.start();
    loop_.after(options_.pingEvery, [this] { pingRegularly(); });
    return {};
  }

  void send(HttpRequest request, std::function<void(TransportResult)> done) override {
    const Priority priority = request.priority;
    auto transfer = std::make_shared<CurlTransfer>(std::move(request), std::move(done));
    loop_.post([this, priority, transfer = std::move(transfer)]() mutable {
      queue_.push(priority, std::move(transfer));
      pump();
    });
  }

  StreamId open(HttpRequest request, std::shared_ptr<StreamHandler> handler) override {
    const StreamId id = ++lastStream_;
    auto transfer = std::make_shared<CurlTransfer>(std::move(request), std::move(handler), id);
    loop_.post([this, id, transfer = std::move(transfer)]() mutable {
      openStreams_[id] = transfer.get();
      if (openStreams_.size() > static_cast<size_t>(options_.maxStreams)) {
        openStreams_.erase(id);
        transfer->reject("there are " + std::to_string(options_.maxStreams) +
                         " watches already; narrow what is watched");
        return;
      }
      launch(std::move(transfer), streams_);
    });
    return id;
  }

  void close(StreamId id) override {
    if (loop_.onThread()) {
      if (auto it = openStreams_.find(id); it != openStreams_.end()) it->second->abandon();
    }
    // curl does not take a handle away from inside its own callbacks.
    loop_.post([this, id] {
      auto it = openStreams_.find(id);
      if (it == openStreams_.end()) return;
      it->second->abandon();
      CURL* easy = it->second->easy();
      openStreams_.erase(it);
      curl_multi_remove_handle(streams_.multi, easy);
      transfers_.erase(easy);
    });
  }

  void schedule(std::chrono::milliseconds delay, std::function<void()> task) override {
    loop_.after(delay, std::move(task));
  }
  bool onIoThread() const override { return loop_.onThread(); }

  void renewCredentials(std::function<void()> done) override {
    loop_.post([this, done = std::move(done)]() mutable {
      renewalWaiters_.push_back(std::move(done));
      startRenewal();
    });
  }

  void stop() override {
    stopping_ = true;
    loop_.stop();
    if (renewal_.joinable()) renewal_.join();
    // Nobody else touches these any more; each transfer tells whoever waits when it goes.
    queue_.drain();
    auto transfers = std::move(transfers_);
    transfers_.clear();
    openStreams_.clear();
    for (auto& [easy, transfer] : transfers) {
      curl_multi_remove_handle(transfer->lane()->multi, easy);
    }
    transfers.clear();
    renewalWaiters_.clear();
  }

 private:
  void pump() {
    if (credentials_.expiring()) startRenewal();
    while (auto next = queue_.pop()) launch(std::move(next->second), calls_);
  }

  CURL* launch(std::shared_ptr<CurlTransfer> transfer, CurlLane& lane) {
    CURL* easy = transfer->prepare(target_, *credentials_.current(), lane);
    transfers_[easy] = std::move(transfer);
    curl_multi_add_handle(lane.multi, easy);
    return easy;
  }

  void ended(CURL* easy, CURLcode result) {
    auto it = transfers_.find(easy);
    if (it == transfers_.end()) return;
    const std::shared_ptr<CurlTransfer> transfer = std::move(it->second);
    transfers_.erase(it);
    if (transfer->isStream()) openStreams_.erase(transfer->id());
    const bool counted = !transfer->isStream() && pings_.erase(easy) == 0;
    if (counted) queue_.finished(transfer->request().priority);
    if (result == CURLE_OPERATION_TIMEDOUT && counted) ping(calls_);
    // A certificate or authority that was renewed shows as a connection that fails.
    if (result != CURLE_OK) credentials_.suspect();
    transfer->finish(result);
    pump();
  }

  void limitConnections(bool http1) {
    wide_ = http1;
    curl_multi_setopt(calls_.multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      http1 ? static_cast<long>(options_.maxInFlight) : kHttp2Connections);
    // One more than the streams, for the ping.
    curl_multi_setopt(streams_.multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      http1 ? static_cast<long>(options_.maxStreams) + 1 : kHttp2Connections);
  }

  // The server (or a proxy before it) speaks HTTP/1.1 only: a stream takes a whole connection.
  void widen() {
    if (wide_) return;
    limitConnections(true);
    for (auto& [easy, transfer] : transfers_) {
      if (transfer->headSeen()) continue;
      // curl looks at the limit when a transfer is added.
      curl_multi_remove_handle(transfer->lane()->multi, easy);
      curl_multi_add_handle(transfer->lane()->multi, easy);
    }
  }

  void pingRegularly() {
    const bool silent = std::chrono::steady_clock::now() - streams_.lastBytes >= options_.pingEvery;
    if (!openStreams_.empty() && silent) ping(streams_);
    loop_.after(options_.pingEvery, [this] { pingRegularly(); });
  }

  // Any answer at all shows that the lane's connection lives; none, and it is cut, so that every
  // stream and request on it ends and starts again on a new one.
  void ping(CurlLane& lane) {
    if (lane.pinging) return;
    lane.pinging = true;
    HttpRequest request;
    request.path = "/livez";
    request.timeout = options_.pingTimeout;
    const MonoTime asked = std::chrono::steady_clock::now();
    auto transfer =
        std::make_shared<CurlTransfer>(std::move(request), [this, &lane, asked](auto result) {
          lane.pinging = false;
          if (!result && lane.lastBytes < asked) cut(lane);
        });
    pings_.insert(launch(std::move(transfer), lane));
  }

  void cut(CurlLane& lane) {
    if (stopping_ || lane.sockets.empty()) return;
    log::warn("API server does not answer, connections cut",
              {{"connections", lane.sockets.size()}, {"watches", &lane == &streams_}});
    for (const curl_socket_t socket : lane.sockets) shutdown(socket, SHUT_RDWR);
  }

  void startRenewal() {
    if (renewing_) return;
    if (!credentials_.hasPlugin()) {
      renewed(credentials_.renew());
      return;
    }
    // A plugin may take long (it may ask the network itself), so it has a thread of its own.
    renewing_ = true;
    if (renewal_.joinable()) renewal_.join();
    renewal_ = std::thread([this] {
      Status status = credentials_.renew();
      loop_.post([this, status = std::move(status)] { renewed(status); });
    });
  }

  void renewed(const Status& status) {
    renewing_ = false;
    if (!status) log::warn("credential not renewed", {{"cause", status.error().message}});
    auto waiters = std::exchange(renewalWaiters_, {});
    for (auto& waiter : waiters) {
      if (waiter) waiter();
    }
  }

  const CurlOptions options_;
  const CurlTarget target_;
  Credentials credentials_;
  CurlLane calls_;
  CurlLane streams_;
  std::atomic<StreamId> lastStream_{0};
  std::atomic<bool> stopping_{false};
  // I/O thread only, from here on.
  RequestQueue<std::shared_ptr<CurlTransfer>> queue_;
  std::unordered_map<CURL*, std::shared_ptr<CurlTransfer>> transfers_;
  std::map<StreamId, CurlTransfer*> openStreams_;
  std::set<CURL*> pings_;
  std::vector<std::function<void()>> renewalWaiters_;
  bool renewing_ = false;
  bool wide_ = false;
  std::thread renewal_;
  // Last, so that it goes first: closing its connections uses the lanes.
  CurlLoop loop_;
};

}  // namespace

Result<std::unique_ptr<Transport>> makeCurlTransport(const ClusterConfig& config,
                                                     CurlOptions options) {
  auto target = makeTarget(config);
  if (!target) return tl::unexpected(target.error());
  target->userAgent =
      options.userAgent.empty() ? "firebreak/" FB_VERSION " (linux)" : options.userAgent;
  target->connectTimeout = options.connectTimeout;
  auto transport = std::make_unique<CurlTransport>(config, std::move(*target), std::move(options));
  if (auto status = transport->begin(); !status) return tl::unexpected(status.error());
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace firebreak::kube
