// Every decision of a watch, without a network.
#include "kube/watch_machine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = WatchEffectKind;

ApiStatus refusal(int code, const std::string& reason = "", const std::string& cause = "") {
  ApiStatus status;
  status.code = code;
  status.reason = reason;
  status.message = "refused";
  if (!cause.empty()) status.causes.push_back({"", cause, ""});
  return status;
}

std::vector<Kind> kinds(const WatchEffects& effects) {
  std::vector<Kind> all;
  for (const WatchEffect& effect : effects) all.push_back(effect.kind);
  return all;
}

const WatchEffect& last(const WatchEffects& effects) { return *(effects.end() - 1); }

class WatchMachineTest : public ::testing::Test {
 protected:
  // A machine whose streaming list is complete, at resourceVersion 10.
  void sync() {
    machine.start(now);
    machine.onHead(200, now);
    machine.onBookmark("10", true, now);
  }
  Status cut() { return fail(ErrorCode::kUnavailable, "connection reset"); }

  double random = 1.0;
  MonoTime now{std::chrono::hours(1)};
  WatchMachine machine{"watch pods", [this] { return random; }};
};

TEST_F(WatchMachineTest, BeginsWithAConsistentStreamingList) {
  const auto effects = machine.start(now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
  EXPECT_EQ(last(effects).query,
            "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
            "allowWatchBookmarks=true&timeoutSeconds=600");
  EXPECT_EQ(machine.state(), WatchState::kStreamingList);
}

TEST_F(WatchMachineTest, PublishesNoVersionBeforeTheListIsComplete) {
  machine.start(now);
  machine.onHead(200, now);
  const auto object = machine.onObject(WatchEventType::kAdded, "99", now);
  EXPECT_EQ(kinds(object), std::vector{Kind::kSinkUpsert});
  EXPECT_TRUE(last(object).initial);
  EXPECT_EQ(machine.resourceVersion(), "");
  EXPECT_EQ(kinds(machine.onBookmark("10", true, now)), std::vector{Kind::kSinkSynced});
  EXPECT_EQ(machine.resourceVersion(), "10");
  EXPECT_EQ(machine.state(), WatchState::kWatching);
}

TEST_F(WatchMachineTest, GoesOnInTheSameStreamAfterTheList) {
  sync();
  const auto changed = machine.onObject(WatchEventType::kModified, "11", now);
  EXPECT_EQ(kinds(changed), std::vector{Kind::kSinkUpsert});
  EXPECT_FALSE(last(changed).initial);
  EXPECT_EQ(kinds(machine.onObject(WatchEventType::kDeleted, "12", now)),
            std::vector{Kind::kSinkErase});
  EXPECT_EQ(machine.resourceVersion(), "12");
}

TEST_F(WatchMachineTest, ResumesWithoutAListWhenTheServerEndsTheStream) {
  sync();
  machine.onBookmark("20", false, now);
  now += minutes(6);
  const auto effects = machine.onEnd({}, now);
  EXPECT_EQ(kinds(effects), std::vector{Kind::kOpenWatch});
  EXPECT_EQ(last(effects).query,
            "watch=true&allowWatchBookmarks=true&resourceVersion=20&timeoutSeconds=600");
}

TEST_F(WatchMachineTest, AsksForARandomTimeBetweenFiveAndTenMinutesAndWaitsALittleLonger) {
  random = 0.0;
  const auto effects = machine.start(now);
  EXPECT_NE(last(effects).query.find("timeoutSeconds=300"), std::string::npos);
  EXPECT_EQ(last(effects).idle, seconds(330));
}

TEST_F(WatchMachineTest, BacksOffAndResumesAfterACutOrRefusedConnection) {
  sync();
  machine.onObject(WatchEventType::kModified, "11", now);
  auto effects = machine.onEnd(cut(), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkFailed, Kind::kWait}));
  std::vector<milliseconds> delays{last(effects).delay};
  for (int i = 0; i < 7; ++i) {
    effects = machine.onTimer(now);
    EXPECT_EQ(kinds(effects), std::vector{Kind::kOpenWatch});
    EXPECT_NE(last(effects).query.find("resourceVersion=11"), std::string::npos);
    delays.push_back(last(machine.onEnd(cut(), now)).delay);
  }
  EXPECT_EQ(delays,
            (std::vector<milliseconds>{milliseconds(800), milliseconds(1600), milliseconds(3200),
                                       milliseconds(6400), milliseconds(12800), milliseconds(25600),
                                       milliseconds(30000), milliseconds(30000)}));
}

TEST_F(WatchMachineTest, SpreadsItsDelaysOverTheWholeRange) {
  sync();
  random = 0.25;
  EXPECT_EQ(last(machine.onEnd(cut(), now)).delay, milliseconds(200));
}

TEST_F(WatchMachineTest, StartsTheBackOffOverAfterTwoHealthyMinutes) {
  sync();
  machine.onEnd(cut(), now);
  machine.onTimer(now);
  machine.onHead(200, now);
  EXPECT_EQ(last(machine.onEnd(cut(), now)).delay, milliseconds(1600));
  machine.onTimer(now);
  machine.onHead(200, now);
  now += minutes(2);
  EXPECT_EQ(last(machine.onEnd(cut(), now)).delay, milliseconds(800));
}

TEST_F(WatchMachineTest, TakesAWatchThatEndsAtOnceForAnError) {
  sync();
  now += minutes(6);
  machine.onEnd({}, now);
  machine.onHead(200, now);
  now += milliseconds(500);
  EXPECT_EQ(kinds(machine.onEnd({}, now)), (std::vector{Kind::kSinkFailed, Kind::kWait}));
}

TEST_F(WatchMachineTest, ListsAgainWhenItsVersionIsGoneAtConnectOrInTheStream) {
  sync();
  auto effects = machine.onErrorEvent(refusal(410, "Expired"), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kCloseStream, Kind::kSinkBegin, Kind::kOpenWatch}));
  EXPECT_NE(last(effects).query.find("sendInitialEvents=true"), std::string::npos);

  machine.onHead(200, now);
  machine.onBookmark("30", true, now);
  now += minutes(6);
  machine.onEnd({}, now);
  effects = machine.onRefused(refusal(410, "Gone"), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
}

TEST_F(WatchMachineTest, DoesNotListInALoopWhenEveryWatchIsGone) {
  sync();
  machine.onErrorEvent(refusal(410), now);
  machine.onHead(200, now);
  machine.onBookmark("11", true, now);
  EXPECT_EQ(kinds(machine.onErrorEvent(refusal(410), now)),
            (std::vector{Kind::kCloseStream, Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
}

TEST_F(WatchMachineTest, ListsAgainWhenTheServerDoesNotKnowTheVersionYet) {
  sync();
  now += minutes(6);
  machine.onEnd({}, now);
  const auto effects = machine.onRefused(refusal(504, "Timeout", "ResourceVersionTooLarge"), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
  EXPECT_EQ(last(effects).query.find("resourceVersion="), std::string::npos);
}

TEST_F(WatchMachineTest, FallsBackToAPagedListOnAnOldServerAndRemembersIt) {
  machine.start(now);
  auto effects = machine.onRefused(refusal(422, "Invalid"), now);
  EXPECT_EQ(kinds(effects), std::vector{Kind::kFetchPage});
  EXPECT_EQ(last(effects).query, "limit=500");
  effects = machine.onPage("7", "to/ken", now);
  EXPECT_EQ(last(effects).query, "limit=500&continue=to%2Fken");
  effects = machine.onPage("7", "", now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkSynced, Kind::kOpenWatch}));
  EXPECT_NE(last(effects).query.find("resourceVersion=7"), std::string::npos);
  effects = machine.onRefused(refusal(410), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kFetchPage}));
}

TEST_F(WatchMachineTest, NoticesAServerThatIgnoresSendInitialEvents) {
  machine.start(now);
  machine.onHead(200, now);
  EXPECT_EQ(machine.onBookmark("5", false, now).size(), 0u);
  EXPECT_EQ(kinds(machine.onBookmark("6", false, now)),
            (std::vector{Kind::kCloseStream, Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kFetchPage}));
}

TEST_F(WatchMachineTest, BeginsAnewWhenAStreamingListIsCut) {
  machine.start(now);
  machine.onHead(200, now);
  machine.onObject(WatchEventType::kAdded, "3", now);
  EXPECT_EQ(kinds(machine.onEnd(cut(), now)), (std::vector{Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
}

TEST_F(WatchMachineTest, TriesAPagedListAfterThreeCutStreamingOnes) {
  auto effects = machine.start(now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(last(effects).kind, Kind::kOpenWatch);
    machine.onHead(200, now);
    machine.onEnd(cut(), now);
    effects = machine.onTimer(now);
  }
  EXPECT_EQ(last(effects).kind, Kind::kFetchPage);
}

TEST_F(WatchMachineTest, KeepsToTheStreamingListWhileTheServerIsAway) {
  machine.start(now);
  for (int i = 0; i < 10; ++i) {
    machine.onEnd(cut(), now);
    EXPECT_EQ(last(machine.onTimer(now)).kind, Kind::kOpenWatch);
  }
}

TEST_F(WatchMachineTest, MakesTheWholeListWhenAContinueTokenExpired) {
  machine.start(now);
  machine.onRefused(refusal(422), now);
  machine.onPage("7", "t", now);
  const auto effects = machine.onPageRefused(refusal(410, "Expired"), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kFetchPage}));
  EXPECT_EQ(last(effects).query, "");
}

TEST_F(WatchMachineTest, AsksForTheSamePageAgainAfterACut) {
  machine.start(now);
  machine.onRefused(refusal(422), now);
  machine.onPage("7", "t", now);
  EXPECT_EQ(kinds(machine.onPageFailed(Error{ErrorCode::kUnavailable, "cut", 0, {}}, now)),
            (std::vector{Kind::kSinkFailed, Kind::kWait}));
  const auto effects = machine.onTimer(now);
  EXPECT_EQ(kinds(effects), std::vector{Kind::kFetchPage});
  EXPECT_EQ(last(effects).query, "limit=500&continue=t");
}

TEST_F(WatchMachineTest, HonoursRetryAfterAndResumesWithoutAList) {
  sync();
  now += minutes(6);
  machine.onEnd({}, now);
  ApiStatus busy = refusal(429, "TooManyRequests");
  busy.retryAfter = seconds(17);
  const auto effects = machine.onRefused(busy, now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(last(effects).delay, seconds(17));
  EXPECT_EQ(kinds(machine.onTimer(now)), std::vector{Kind::kOpenWatch});
}

TEST_F(WatchMachineTest, ListsAgainAfterALineThatIsNoEvent) {
  sync();
  EXPECT_EQ(kinds(machine.onBadLine(now)),
            (std::vector{Kind::kCloseStream, Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
}

TEST_F(WatchMachineTest, KeepsAskingWhereItIsForbidden) {
  machine.start(now);
  const auto effects = machine.onRefused(refusal(403, "Forbidden"), now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(effects.begin()->error.code, ErrorCode::kForbidden);
  EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
}

TEST_F(WatchMachineTest, TellsNothingTwiceAndNeverGoesBack) {
  sync();
  machine.onObject(WatchEventType::kModified, "12", now);
  for (const char* stale : {"12", "11", "9"}) {
    EXPECT_EQ(machine.onObject(WatchEventType::kModified, stale, now).size(), 0u) << stale;
    EXPECT_EQ(machine.onObject(WatchEventType::kDeleted, stale, now).size(), 0u) << stale;
    machine.onBookmark(stale, false, now);
    EXPECT_EQ(machine.resourceVersion(), "12");
  }
  EXPECT_EQ(machine.onObject(WatchEventType::kModified, "opaque", now).size(), 1u)
      << "what is no number cannot be put in order";
}

TEST_F(WatchMachineTest, RefusesAListThatIsOlderThanWhatWasSeenUntilItInsists) {
  sync();
  machine.onObject(WatchEventType::kModified, "50", now);
  machine.onErrorEvent(refusal(410), now);
  for (int i = 0; i < 3; ++i) {
    machine.onHead(200, now);
    EXPECT_EQ(kinds(machine.onBookmark("49", true, now)),
              (std::vector{Kind::kCloseStream, Kind::kSinkFailed, Kind::kWait}));
    EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
  }
  machine.onHead(200, now);
  EXPECT_EQ(kinds(machine.onBookmark("49", true, now)), std::vector{Kind::kSinkSynced})
      << "restored from a backup";
  EXPECT_EQ(kinds(machine.onObject(WatchEventType::kModified, "50", now)),
            std::vector{Kind::kSinkUpsert});
}

TEST_F(WatchMachineTest, GoesOnFromNoListWithoutAVersion) {
  machine.start(now);
  machine.onHead(200, now);
  EXPECT_EQ(kinds(machine.onBookmark("", true, now)),
            (std::vector{Kind::kCloseStream, Kind::kSinkFailed, Kind::kWait}));
  machine.onTimer(now);
  machine.onRefused(refusal(422), now);
  EXPECT_EQ(kinds(machine.onPage("", "", now)), (std::vector{Kind::kSinkFailed, Kind::kWait}));
}

TEST_F(WatchMachineTest, BeginsAtTheFrontWhereAContinueTokenIsNotUnderstood) {
  machine.start(now);
  machine.onRefused(refusal(422), now);
  machine.onPage("7", "t", now);
  EXPECT_EQ(kinds(machine.onPageRefused(refusal(400, "BadRequest"), now)),
            (std::vector{Kind::kSinkFailed, Kind::kWait}));
  const auto effects = machine.onTimer(now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kFetchPage}));
  EXPECT_EQ(last(effects).query, "limit=500");
}

TEST_F(WatchMachineTest, AsksForSmallerPagesWhereOneIsTooLarge) {
  machine.start(now);
  machine.onRefused(refusal(422), now);
  machine.onPage("7", "t", now);
  const Error large{ErrorCode::kInvalid, "the answer is larger than that", 0, {}};
  machine.onPageFailed(large, now);
  EXPECT_EQ(last(machine.onTimer(now)).query, "limit=125&continue=t");
  machine.onPageRefused(refusal(410, "Expired"), now);  // the whole list at once, which is larger
  machine.onTimer(now);
  machine.onPageFailed(large, now);
  const auto effects = machine.onTimer(now);
  EXPECT_EQ(kinds(effects), (std::vector{Kind::kSinkBegin, Kind::kFetchPage}));
  EXPECT_EQ(last(effects).query, "limit=125");
}

TEST_F(WatchMachineTest, ListsAgainWhereTheKindWentAway) {
  sync();
  now += minutes(6);
  machine.onEnd({}, now);
  EXPECT_EQ(kinds(machine.onRefused(refusal(404, "NotFound"), now)),
            (std::vector{Kind::kSinkFailed, Kind::kWait}));
  EXPECT_EQ(kinds(machine.onTimer(now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}));
}

TEST_F(WatchMachineTest, StartsTheBackOffOverAfterAHealthyWatchThatEndedProperly) {
  sync();
  machine.onEnd(cut(), now);
  machine.onTimer(now);
  machine.onHead(200, now);
  now += minutes(6);
  EXPECT_EQ(kinds(machine.onEnd({}, now)), std::vector{Kind::kOpenWatch});
  EXPECT_EQ(last(machine.onEnd(cut(), now)).delay, milliseconds(800));
}

TEST_F(WatchMachineTest, SaysWhenItRunsAgain) {
  sync();
  EXPECT_EQ(machine.onHead(200, now).size(), 0u);
  machine.onEnd(cut(), now);
  machine.onTimer(now);
  EXPECT_EQ(kinds(machine.onHead(200, now)), std::vector{Kind::kSinkResumed});
  EXPECT_EQ(machine.onHead(200, now).size(), 0u);
}

TEST_F(WatchMachineTest, ListsAgainAfterAWatchInWhichNotEvenABookmarkCame) {
  sync();
  now += minutes(6);
  EXPECT_EQ(kinds(machine.onEnd({}, now)), std::vector{Kind::kOpenWatch});
  machine.onHead(200, now);
  now += minutes(6);
  EXPECT_EQ(kinds(machine.onEnd({}, now)), std::vector{Kind::kOpenWatch})
      << "no bookmark is assumed of a server that never sent one";
  machine.onHead(200, now);
  machine.onBookmark("20", false, now);
  now += minutes(6);
  EXPECT_EQ(kinds(machine.onEnd({}, now)), std::vector{Kind::kOpenWatch});
  machine.onHead(200, now);
  now += minutes(6);
  EXPECT_EQ(kinds(machine.onEnd({}, now)), (std::vector{Kind::kSinkBegin, Kind::kOpenWatch}))
      << "restored from a backup, the server does not know our version yet";
}

}  // namespace
}  // namespace firebreak::kube
