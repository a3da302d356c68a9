#include "control/config_map_cache.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/memory_api.h"

namespace firebreak::control {
namespace {

using Interest = ConfigMapCache::Interest;

constexpr const char* kPath = "/api/v1/namespaces/shop/configmaps/settings";
constexpr const char* kMiner =
    R"({"donate-level":1,"pools":[{"url":"10.0.0.1:443","user":"me","tls":true}]})";

class ConfigMapCacheTest : public ::testing::Test {
 protected:
  void put(const std::string& text) {
    api.put(kPath, {{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"metadata", {{"namespace", "shop"}}},
                    {"data", {{"config.json", text}}}});
  }
  // How often the server was asked.
  int asked() { return static_cast<int>(api.transport.requests.size()); }

  FakeClock clock;
  MemoryApi api{clock};
  kube::Client client{api.transport, {}};
  ConfigMapCache cache{client, clock};
};

TEST_F(ConfigMapCacheTest, IsAskedForOnceAMinute) {
  put(kMiner);
  for (int i = 0; i < 5; ++i) {
    auto entry = cache.get("shop", "settings", Interest::kMinerConfig);
    ASSERT_NE(entry.data, nullptr);
    EXPECT_EQ(entry.data->at("config.json"), kMiner);
  }
  EXPECT_EQ(asked(), 1);
  clock.advance(std::chrono::seconds(61));
  (void)cache.get("shop", "settings", Interest::kMinerConfig);
  EXPECT_EQ(asked(), 2);
}

TEST_F(ConfigMapCacheTest, WhatHoldsNoMinersConfigurationIsNoBurdenForTenMinutes) {
  put("log-level: info");
  for (int minute = 0; minute < 9; ++minute) {
    EXPECT_EQ(cache.get("shop", "settings", Interest::kMinerConfig).data, nullptr);
    clock.advance(std::chrono::minutes(1));
  }
  EXPECT_EQ(asked(), 1);
  EXPECT_NE(cache.get("shop", "settings", Interest::kAnyText).data, nullptr);
}

TEST_F(ConfigMapCacheTest, OneThatIsNotThereIsNothing) {
  EXPECT_EQ(cache.get("shop", "settings", Interest::kAnyText).data, nullptr);
}

TEST_F(ConfigMapCacheTest, SaysWhenItsContentWasLastWritten) {
  put(kMiner);
  const WallTime made = cache.get("shop", "settings", Interest::kAnyText).changed;
  EXPECT_EQ(formatTime(made), formatTime(clock.wall()));
  clock.advance(std::chrono::hours(2));
  api.change(kPath, [&](Json& map) {
    map["metadata"]["managedFields"] = {{{"manager", "kubectl"}, {"time", formatTime(clock.wall())}}};
  });
  EXPECT_EQ(formatTime(cache.get("shop", "settings", Interest::kAnyText).changed),
            formatTime(clock.wall()));
}

}  // namespace
}  // namespace firebreak::control
