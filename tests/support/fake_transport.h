// FakeTransport: a Transport without a network or a thread: a test answers each request in a
// function, and moves time by hand. Everything runs on the calling thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kube/transport.h"

namespace firebreak {

class FakeTransport : public kube::Transport {
 public:
  using Answer = std::function<kube::TransportResult(const kube::HttpRequest&)>;

  void onSend(Answer answer) { answer_ = std::move(answer); }
  std::vector<kube::HttpRequest> requests;
  std::vector<std::chrono::milliseconds> delays;
  int renewals = 0;

  void send(kube::HttpRequest request, std::function<void(kube::TransportResult)> done) override {
    requests.push_back(request);
    done(answer_(request));
  }
  kube::StreamId open(kube::HttpRequest, std::shared_ptr<kube::StreamHandler>) override {
    return 0;
  }
  void close(kube::StreamId) override {}
  // The wait is over at once; how long it would have been is kept.
  void schedule(std::chrono::milliseconds delay, std::function<void()> task) override {
    delays.push_back(delay);
    task();
  }
  bool onIoThread() const override { return false; }
  void renewCredentials(std::function<void()> done) override {
    ++renewals;
    done();
  }
  void stop() override {}

 private:
  Answer answer_;
};

inline kube::TransportResult respond(int status, std::string body,
                                     std::chrono::milliseconds retryAfter = {}) {
  return kube::HttpResponse{status, std::move(body), retryAfter};
}

}  // namespace firebreak
