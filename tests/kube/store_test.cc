#include "kube/store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firebreak::kube {
namespace {

struct Thing {
  std::string uid;
  int version = 0;
};

std::string object(const std::string& name, const std::string& uid, int version) {
  return R"({"metadata":{"namespace":"s","name":")" + name + R"(","uid":")" + uid +
         R"(","resourceVersion":")" + std::to_string(version) + "\"}}";
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    store.onChange([this](const std::string& key, const auto& old, const auto& now) {
      changes.push_back((old ? "-" + key + old->uid : "") + (now ? "+" + key + now->uid : ""));
    });
  }
  static Result<Thing> project(std::string_view json) {
    ++projections;
    auto identity = identityOf(json);
    if (identity->name == "bad" || identity->uid == unreadable) return fail(ErrorCode::kInvalid, "bad");
    return Thing{identity->uid, std::stoi(identity->resourceVersion)};
  }
  void list(const std::vector<std::string>& objects) {
    store.begin();
    for (const std::string& one : objects) store.upsert(one, true);
    store.synced();
  }
  std::vector<std::string> takeChanges() { return std::exchange(changes, {}); }

  void TearDown() override { unreadable.clear(); }

  static int projections;
  static std::string unreadable;
  std::vector<std::string> changes;
  Store<Thing> store{"things", project};
};
int StoreTest::projections = 0;
std::string StoreTest::unreadable;

using Changes = std::vector<std::string>;

TEST_F(StoreTest, ShowsAListOnlyWhenItIsComplete) {
  store.begin();
  store.upsert(object("a", "1", 1), true);
  EXPECT_EQ(store.get("s/a"), nullptr);
  EXPECT_FALSE(store.hasSynced());
  EXPECT_TRUE(changes.empty());
  store.synced();
  EXPECT_NE(store.get("s/a"), nullptr);
  EXPECT_TRUE(store.hasSynced());
  EXPECT_EQ(takeChanges(), Changes{"+s/a1"});
}

TEST_F(StoreTest, FindsWhatIsGoneByComparingLists) {
  list({object("a", "1", 1), object("b", "2", 2)});
  takeChanges();
  list({object("b", "2", 2)});
  EXPECT_EQ(takeChanges(), Changes{"-s/a1"});
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(StoreTest, KeepsTheProjectionOfWhatDidNotChange) {
  list({object("a", "1", 1)});
  auto before = store.get("s/a");
  const int projected = projections;
  list({object("a", "1", 1)});
  EXPECT_EQ(store.get("s/a"), before);
  EXPECT_EQ(projections, projected);
  store.upsert(object("a", "1", 1), false);
  EXPECT_EQ(projections, projected) << "a duplicate event";
  EXPECT_EQ(takeChanges(), Changes{"+s/a1"});
}

TEST_F(StoreTest, TakesANewUidForADeletionAndAnAddition) {
  list({object("a", "1", 1)});
  takeChanges();
  store.upsert(object("a", "2", 5), false);
  EXPECT_EQ(takeChanges(), (Changes{"-s/a1", "+s/a2"}));
  list({object("a", "3", 9)});
  EXPECT_EQ(takeChanges(), (Changes{"-s/a2", "+s/a3"}));
}

TEST_F(StoreTest, FollowsChangesAndDeletions) {
  list({});
  store.upsert(object("a", "1", 1), false);
  store.upsert(object("a", "1", 2), false);
  EXPECT_EQ(store.get("s/a")->version, 2);
  store.erase(object("a", "1", 3));
  store.erase(object("a", "1", 3));
  EXPECT_EQ(takeChanges(), (Changes{"+s/a1", "-s/a1+s/a1", "-s/a1"}));
}

TEST_F(StoreTest, VoidsAListThatWasBegunAgain) {
  store.begin();
  store.upsert(object("a", "1", 1), true);
  list({object("b", "2", 2)});
  EXPECT_EQ(store.keys(), std::vector<std::string>{"s/b"});
}

TEST_F(StoreTest, DeletesWhileAListComesIn) {
  list({object("a", "1", 1)});
  store.begin();
  store.upsert(object("a", "1", 1), true);
  store.erase(object("a", "1", 2));
  store.synced();
  EXPECT_EQ(store.get("s/a"), nullptr);
}

TEST_F(StoreTest, FindsWhatIsInOneNamespaceAndByUid) {
  const auto in = [](const std::string& ns, const std::string& name, const std::string& uid) {
    return R"({"metadata":{"namespace":")" + ns + R"(","name":")" + name + R"(","uid":")" + uid +
           R"(","resourceVersion":"1"}})";
  };
  list({in("s", "b", "2"), in("s-2", "a", "3"), in("s", "a", "1"), in("t", "a", "4")});
  const auto uids = [](const auto& things) {
    std::vector<std::string> all;
    for (const auto& thing : things) all.push_back(thing->uid);
    return all;
  };
  EXPECT_EQ(uids(store.inNamespace("s")), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(uids(store.select("s", [](const auto& kept) { return kept.value->uid == "2"; })),
            std::vector<std::string>{"2"});
  EXPECT_TRUE(store.inNamespace("").empty());
  EXPECT_EQ(store.findByUid("3"), store.get("s-2/a"));
  EXPECT_EQ(store.findByUid("5"), nullptr);
}

TEST_F(StoreTest, FindsByUidWhatIsThereNowAndNothingElse) {
  list({object("a", "1", 1), object("b", "2", 2)});
  store.upsert(object("a", "3", 3), false);  // the name is used again
  EXPECT_EQ(store.findByUid("1"), nullptr);
  EXPECT_EQ(store.findByUid("3"), store.get("s/a"));
  store.upsert(object("a", "3", 4), false);
  EXPECT_EQ(store.findByUid("3"), store.get("s/a"));
  store.erase(object("b", "2", 5));
  EXPECT_EQ(store.findByUid("2"), nullptr);
  list({object("c", "6", 6)});
  EXPECT_EQ(store.findByUid("3"), nullptr);
  EXPECT_EQ(store.findByUid("6"), store.get("s/c"));
}

TEST_F(StoreTest, CountsWhatItCannotReadAndKeepsTheRest) {
  list({object("bad", "1", 1), object("a", "2", 2), "nonsense"});
  EXPECT_EQ(store.rejected(), 2u);
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(StoreTest, RemembersWhyItsWatchFailsUntilItWorksAgain) {
  store.failed(Error{ErrorCode::kForbidden, "no", 403, {}});
  ASSERT_TRUE(store.lastError());
  EXPECT_EQ(store.lastError()->code, ErrorCode::kForbidden);
  list({});
  EXPECT_FALSE(store.lastError());
}

TEST_F(StoreTest, SaysThatItsWatchRunsAgainWithoutAnEvent) {
  list({});
  store.failed(Error{ErrorCode::kUnavailable, "cut", 0, {}});
  store.resumed();
  EXPECT_FALSE(store.lastError());
}

TEST_F(StoreTest, LeavesOutWhatIsOlderThanWhatItHolds) {
  list({object("a", "2", 10)});
  takeChanges();
  store.upsert(object("a", "2", 9), false);
  store.upsert(object("a", "1", 5), false);
  store.erase(object("a", "1", 6));
  EXPECT_EQ(takeChanges(), Changes{}) << "an earlier object of the same name";
  store.erase(object("a", "3", 12));
  EXPECT_EQ(takeChanges(), Changes{"-s/a2"}) << "a deletion may carry a later uid";
}

TEST_F(StoreTest, LeavesOutWhatIsOlderInOneList) {
  list({object("a", "2", 10), object("a", "1", 5)});
  EXPECT_EQ(takeChanges(), Changes{"+s/a2"});
}

TEST_F(StoreTest, DropsTheOldObjectWhereItsSuccessorCannotBeRead) {
  list({});
  store.upsert(object("bad", "1", 1), false);
  EXPECT_EQ(takeChanges(), Changes{});
  unreadable = "u2";
  store.upsert(object("a", "u1", 2), false);
  store.upsert(object("a", "u2", 3), false);
  EXPECT_EQ(takeChanges(), (Changes{"+s/au1", "-s/au1"}));
}

}  // namespace
}  // namespace firebreak::kube
