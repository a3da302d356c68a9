#pragma once

// A real API server for tests, named by FIREBREAK_TEST_KUBECONFIG; they are skipped without. Everything
// happens in a namespace of its own, which is deleted at the end. One thread.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "kube/client.h"
#include "kube/config.h"
#include "kube/curl_transport.h"

namespace firebreak::kube {

// Waits for something that other threads bring about; checked whenever poke() is called.
class Expectation {
 public:
  void poke() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  bool within(std::chrono::seconds limit, const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(50));
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class LiveTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* path = std::getenv("FIREBREAK_TEST_KUBECONFIG");
    if (!path || !*path) return;
    auto config = loadKubeconfig(path, "");
    ASSERT_TRUE(config) << config.error().message;
    config_ = *config;
    auto transport = makeCurlTransport(config_);
    ASSERT_TRUE(transport) << transport.error().message;
    transport_ = std::move(*transport);
    client_ = std::make_unique<Client>(*transport_);
    ns_ = "client-test-" + std::to_string(getpid());
    auto made = client_->create(kNamespaces, "", {{"metadata", {{"name", ns_}}}});
    ASSERT_TRUE(made) << made.error().message;
  }
  static void TearDownTestSuite() {
    if (!client_) return;
    auto removed = client_->remove(kNamespaces, "", ns_);
    EXPECT_TRUE(removed) << removed.error().message;
    client_.reset();
    transport_.reset();
  }
  void SetUp() override {
    if (!client_) GTEST_SKIP() << "FIREBREAK_TEST_KUBECONFIG names no cluster";
  }

  static Json configMap(const std::string& name, const std::string& value) {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}}},
            {"data", {{"a", value}}}};
  }
  static std::string make(const std::string& name, const std::string& value = "1") {
    auto made = client_->create(kConfigMaps, ns_, configMap(name, value));
    EXPECT_TRUE(made) << made.error().message;
    return made ? stringOr(member(*made, {"metadata", "uid"})) : "";
  }

  static inline ClusterConfig config_;
  static inline std::unique_ptr<Transport> transport_;
  static inline std::unique_ptr<Client> client_;
  static inline std::string ns_;
};

}  // namespace firebreak::kube
