// WatchMachine: every decision of a watch as a value that is stepped: what came in, what to do
// next.
//   Idle -> StreamingList -> Watching        the list comes as a stream, the watch goes on in it
//        -> PagedList -> Watching            where the server refuses that (422, an old server)
//   any of them -> Waiting (back-off) -> the same again, or a full list after 410 or a lost line
// Pure: no I/O, no clock, no allocation per event. Random numbers are passed in. Used by one
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "firebreak/clock.h"
#include "kube/api_status.h"

namespace firebreak::kube {

enum class WatchState { kIdle, kStreamingList, kPagedList, kWatching, kWaiting };

// What the driver has to do, in this order.
enum class WatchEffectKind {
  kOpenWatch,    // GET `query` as a stream
  kFetchPage,    // GET `query` as one response
  kWait,         // call onTimer() after `delay`
  kCloseStream,  // abandon the stream; its end is not reported back
  kSinkBegin,
  kSinkUpsert,  // the object that came in; `initial` as said
  kSinkErase,   // the object that came in
  kSinkSynced,
  kSinkFailed,   // `error`
  kSinkResumed,  // the watch runs again
};

struct WatchEffect {
  WatchEffectKind kind = WatchEffectKind::kWait;
  std::string query;                   // without "?"; selectors are the driver's to add
  std::chrono::milliseconds delay{0};  // kWait
  // kOpenWatch: after this the stream is given up (the server ends it earlier).
  std::chrono::milliseconds idle{0};
  bool initial = false;
  Error error;
};

// At most four effects follow one input.
class WatchEffects {
 public:
  void push(WatchEffect effect) { items_.at(count_++) = std::move(effect); }
  const WatchEffect* begin() const { return items_.data(); }
  const WatchEffect* end() const { return items_.data() + count_; }
  size_t size() const { return count_; }

 private:
  std::array<WatchEffect, 4> items_;
  size_t count_ = 0;
};

enum class WatchEventType { kAdded, kModified, kDeleted };

struct WatchPolicy {
  int pageSize = 500;
  std::chrono::milliseconds minBackoff{800};
  std::chrono::milliseconds maxBackoff{30'000};
  std::chrono::milliseconds healthyAfter{120'000};  // the back-off starts over
  std::chrono::milliseconds tooShort{1'000};  // a watch that ends sooner without events failed
  std::chrono::seconds minTimeout{300};       // timeoutSeconds, random in this range
  std::chrono::seconds maxTimeout{600};
};

class WatchMachine {
 public:
  // `what` starts error messages: "watch pods". `random` gives numbers in [0, 1).
  WatchMachine(std::string what, std::function<double()> random, WatchPolicy policy = {});

  WatchEffects start(MonoTime now);
  WatchEffects onTimer(MonoTime now);

  // The stream that kOpenWatch asked for.
  WatchEffects onHead(int status, MonoTime now);
  WatchEffects onObject(WatchEventType type, std::string_view resourceVersion, MonoTime now);
  WatchEffects onBookmark(std::string_view resourceVersion, bool initialEventsEnd, MonoTime now);
  // {"type":"ERROR"}: a refusal inside a stream that began with 200.
  WatchEffects onErrorEvent(const ApiStatus& status, MonoTime now);
  // A line that is no event: what it said is lost, so the list has to be made again.
  WatchEffects onBadLine(MonoTime now);
  // The stream was answered with another status than 200.
  WatchEffects onRefused(const ApiStatus& status, MonoTime now);
  // The stream ended after 200; `how` says whether properly.
  WatchEffects onEnd(const Status& how, MonoTime now);

  // The page that kFetchPage asked for; the driver has handed its objects to the sink.
  WatchEffects onPage(std::string_view resourceVersion, std::string_view continueToken,
                      MonoTime now);
  WatchEffects onPageRefused(const ApiStatus& status, MonoTime now);
  // kInvalid: the page was too large to be read.
  WatchEffects onPageFailed(const Error& error, MonoTime now);

  WatchState state() const { return state_; }
  const std::string& resourceVersion() const { return resourceVersion_; }

 private:
  enum class Next { kList, kPage, kWatch };

  void beginList(WatchEffects* out);
  void fetchPage(WatchEffects* out);
  void openWatch(WatchEffects* out);
  void openStream(std::string query, WatchEffects* out);
  // Back off, then `next`; says `error` to the sink. A server's Retry-After is never undercut.
  void waitThen(Next next, Error error, WatchEffects* out, MonoTime now);
  // A complete list at `resourceVersion`; false where it is no place to go on from, and is made
  // again.
  bool listComplete(std::string_view resourceVersion, WatchEffects* out, MonoTime now);
  bool healthy(MonoTime now) const;
  void refuse(const ApiStatus& status, Next again, WatchEffects* out, MonoTime now);
  void listAgain(const ApiStatus& status, WatchEffects* out, MonoTime now);

  const std::string what_;
  const std::function<double()> random_;
  const WatchPolicy policy_;

  WatchState state_ = WatchState::kIdle;
  Next next_ = Next::kList;
  std::string resourceVersion_;  // where a watch resumes
  std::string continueToken_;
  bool streamingRefused_ = false;  // this server has no streaming list
  std::string newest_;   // the newest version that was published, also by lists before
  int staleLists_ = 0;   // lists older than that, in a row
  int pageSize_;         // smaller after a page that was too large
  int streamingFailures_ = 0;      // streaming lists that did not come to their end, in a row
  int plainBookmarks_ = 0;         // bookmarks before the end of a streaming list
  bool unpaged_ = false;           // a continue token expired: the whole list at once
  bool sawEvent_ = false;          // on this stream
  bool sendsBookmarks_ = false;    // this server, while it watches
  bool failing_ = false;           // the sink was told so
  int failures_ = 0;               // in a row; the exponent of the back-off
  MonoTime opened_{};              // when this stream was answered
};

}  // namespace firebreak::kube
