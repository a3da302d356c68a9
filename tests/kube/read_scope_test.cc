// What a ReadScope keeps, and for how long.
#include "kube/read_scope.h"

#include <gtest/gtest.h>

#include <thread>

#include "kube/client.h"
#include "support/fake_transport.h"

namespace firebreak::kube {
namespace {

class ReadScopeTest : public ::testing::Test {
 protected:
  ReadScopeTest() {
    transport_.onSend([this](const HttpRequest&) { return respond(status_, R"({"items": []})"); });
  }
  size_t asked() const { return transport_.requests.size(); }

  FakeTransport transport_;
  Client client_{transport_};
  int status_ = 200;
};

TEST_F(ReadScopeTest, AsksOnceForTheSameThing) {
  EXPECT_TRUE(client_.get(kPods, "shop", "web"));
  EXPECT_TRUE(client_.get(kPods, "shop", "web"));
  EXPECT_EQ(asked(), 2u);
  ReadScope scope({});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(client_.get(kPods, "shop", "web"));
    EXPECT_TRUE(client_.list(kPods, "shop"));
  }
  EXPECT_EQ(asked(), 4u);
  EXPECT_TRUE(client_.list(kPods, "shop", {.metadataOnly = true}));
  EXPECT_TRUE(client_.get(kPods, "shop", "other"));
  EXPECT_EQ(asked(), 6u);
}

TEST_F(ReadScopeTest, KeepsThatThereIsNoSuchObjectButNoOtherError) {
  ReadScope scope({});
  status_ = 404;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client_.get(kPods, "shop", "web").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(asked(), 1u);
  status_ = 403;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client_.get(kPods, "shop", "x").error().code, ErrorCode::kForbidden);
  EXPECT_EQ(asked(), 3u);
}

TEST_F(ReadScopeTest, BeginsAnewWithEachWriteButOfWhatNobodyReads) {
  ReadScope scope({pathOf(kRemediations, "", "mine"), "/apis/events.k8s.io/"});
  const auto readsAgain = [&] {
    const size_t before = asked();
    EXPECT_TRUE(client_.get(kPods, "shop", "web"));
    return asked() != before;
  };
  EXPECT_TRUE(readsAgain());
  EXPECT_TRUE(client_.patch(kRemediations, "", "mine", PatchKind::kMerge, Json::object(), {.subresource = "status"}));
  EXPECT_FALSE(readsAgain());
  EXPECT_TRUE(client_.patch(kPods, "shop", "other", PatchKind::kMerge, Json::object()));
  EXPECT_TRUE(readsAgain());
  status_ = 409;  // a write that failed may have been carried out all the same
  EXPECT_FALSE(client_.create(kPods, "shop", Json::object()));
  status_ = 200;
  EXPECT_TRUE(readsAgain());
  EXPECT_TRUE(client_.remove(kPods, "shop", "web"));
  EXPECT_TRUE(readsAgain());
  ReadScope::forget();
  EXPECT_TRUE(readsAgain());
  EXPECT_FALSE(readsAgain());
}

TEST_F(ReadScopeTest, NeverKeepsASecretsValue) {
  ReadScope scope({});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(client_.get(kSecrets, "shop", "key"));
    EXPECT_TRUE(client_.list(kSecrets, "shop"));
  }
  EXPECT_EQ(asked(), 4u);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(client_.list(kSecrets, "shop", {.metadataOnly = true}));
  EXPECT_EQ(asked(), 5u);
}

TEST_F(ReadScopeTest, IsForItsThreadAloneAndEndsWithIt) {
  {
    ReadScope scope({});
    EXPECT_TRUE(client_.get(kPods, "shop", "web"));
    std::thread([&] { EXPECT_TRUE(client_.get(kPods, "shop", "web")); }).join();
    EXPECT_EQ(asked(), 2u);
    std::this_thread::sleep_for(ReadScope::kMostAge);
    EXPECT_TRUE(client_.get(kPods, "shop", "web"));
    EXPECT_EQ(asked(), 3u);
  }
  EXPECT_TRUE(client_.get(kPods, "shop", "web"));
  EXPECT_EQ(asked(), 4u);
}

}  // namespace
}  // namespace firebreak::kube
