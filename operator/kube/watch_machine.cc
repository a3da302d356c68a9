#include "kube/watch_machine.h"

#include <algorithm>
#include <utility>

#include "kube/resource_types.h"
#include "kube/resource_version.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;

// A streaming list that fails this often in a row is given up for a paged one.
constexpr int kMaxStreamingFailures = 3;
// A server that does not know sendInitialEvents sends bookmarks, but never the one that ends the
// list; a server that does sends none before it.
constexpr int kMaxPlainBookmarks = 2;
// A list that is older than what was seen comes from a replica that lags behind; one that still is
// after so many comes from a cluster that was restored from a backup.
constexpr int kMaxStaleLists = 3;
// Beyond the server's own end of the watch.
constexpr milliseconds kIdleMargin{30'000};

bool isGone(const ApiStatus& status) {
  return status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
}

// The request as such is not understood: asking in another way may help.
bool isUnsupported(const ApiStatus& status) {
  return status.code == 400 || status.code == 405 || status.code == 406 || status.code == 415 ||
         status.code == 422 || status.code == 501;
}

void push(WatchEffects* out, WatchEffectKind kind) {
  WatchEffect effect;
  effect.kind = kind;
  out->push(std::move(effect));
}

void pushObject(WatchEffects* out, WatchEventType type, bool initial) {
  WatchEffect effect;
  effect.kind =
      type == WatchEventType::kDeleted ? WatchEffectKind::kSinkErase : WatchEffectKind::kSinkUpsert;
  effect.initial = initial;
  out->push(std::move(effect));
}

}  // namespace

WatchMachine::WatchMachine(std::string what, std::function<double()> random, WatchPolicy policy)
    : what_(std::move(what)),
      random_(std::move(random)),
      policy_(policy),
      pageSize_(policy.pageSize) {}

WatchEffects WatchMachine::start(MonoTime) {
  WatchEffects out;
  beginList(&out);
  return out;
}

WatchEffects WatchMachine::onTimer(MonoTime) {
  WatchEffects out;
  if (state_ != WatchState::kWaiting) return out;
  switch (next_) {
    case Next::kList:
      beginList(&out);
      break;
    case Next::kPage:
      fetchPage(&out);
      break;
    case Next::kWatch:
      openWatch(&out);
      break;
  }
  return out;
}

void WatchMachine::beginList(WatchEffects* out) {
  push(out, WatchEffectKind::kSinkBegin);
  if (!resourceVersion_.empty()) newest_ = std::move(resourceVersion_);
  resourceVersion_.clear();
  continueToken_.clear();
  plainBookmarks_ = 0;
  if (streamingRefused_ || streamingFailures_ >= kMaxStreamingFailures) {
    fetchPage(out);
    return;
  }
  state_ = WatchState::kStreamingList;
  // No resourceVersion: a consistent list, as new as the moment of the request.
  openStream(
      "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks="
      "true",
      out);
}

void WatchMachine::fetchPage(WatchEffects* out) {
  state_ = WatchState::kPagedList;
  WatchEffect effect;
  effect.kind = WatchEffectKind::kFetchPage;
  if (!unpaged_) effect.query = "limit=" + std::to_string(pageSize_);
  if (!continueToken_.empty()) effect.query += "&continue=" + urlEncode(continueToken_);
  out->push(std::move(effect));
}

void WatchMachine::openWatch(WatchEffects* out) {
  state_ = WatchState::kWatching;
  openStream("watch=true&allowWatchBookmarks=true&resourceVersion=" + urlEncode(resourceVersion_),
             out);
}

void WatchMachine::openStream(std::string query, WatchEffects* out) {
  sawEvent_ = false;
  opened_ = {};
  const auto span = static_cast<double>((policy_.maxTimeout - policy_.minTimeout).count());
  const auto seconds =
      policy_.minTimeout +
      std::chrono::seconds(static_cast<int64_t>(span * std::clamp(random_(), 0.0, 1.0)));
  WatchEffect effect;
  effect.kind = WatchEffectKind::kOpenWatch;
  effect.query = std::move(query) + "&timeoutSeconds=" + std::to_string(seconds.count());
  effect.idle = seconds + kIdleMargin;
  out->push(std::move(effect));
}

WatchEffects WatchMachine::onHead(int status, MonoTime now) {
  WatchEffects out;
  if (status != 200) return out;
  opened_ = now;
  if (state_ == WatchState::kWatching && failing_) {
    failing_ = false;
    push(&out, WatchEffectKind::kSinkResumed);
  }
  return out;
}

WatchEffects WatchMachine::onObject(WatchEventType type, std::string_view resourceVersion,
                                    MonoTime) {
  WatchEffects out;
  sawEvent_ = true;
  if (state_ == WatchState::kStreamingList) {
    // Synthetic events come in any order of versions: none is a place to resume from.
    pushObject(&out, type, true);
  } else if (state_ == WatchState::kWatching) {
    // The events of one resource come in order, so this one was told already, or was overtaken.
    const auto order = compareVersions(resourceVersion, resourceVersion_);
    if (order && *order <= 0) return out;
    if (!resourceVersion.empty()) resourceVersion_ = resourceVersion;
    pushObject(&out, type, false);
  }
  return out;
}

WatchEffects WatchMachine::onBookmark(std::string_view resourceVersion, bool initialEventsEnd,
                                      MonoTime now) {
  WatchEffects out;
  sawEvent_ = true;
  if (state_ == WatchState::kWatching) {
    sendsBookmarks_ = true;
    if (!resourceVersion.empty() && !isOlder(resourceVersion, resourceVersion_)) {
      resourceVersion_ = resourceVersion;
    }
  } else if (state_ == WatchState::kStreamingList && initialEventsEnd) {
    streamingFailures_ = 0;
    // The same stream goes on as the watch.
    if (listComplete(resourceVersion, &out, now)) state_ = WatchState::kWatching;
  } else if (state_ == WatchState::kStreamingList && ++plainBookmarks_ >= kMaxPlainBookmarks) {
    streamingRefused_ = true;
    push(&out, WatchEffectKind::kCloseStream);
    waitThen(Next::kList, Error{ErrorCode::kUnavailable, what_ + ": no streaming list here", 0, {}},
             &out, now);
  }
  return out;
}

bool WatchMachine::listComplete(std::string_view resourceVersion, WatchEffects* out,
                                MonoTime now) {
  const bool stale = isOlder(resourceVersion, newest_) && ++staleLists_ <= kMaxStaleLists;
  if (resourceVersion.empty() || stale) {
    if (state_ == WatchState::kStreamingList) push(out, WatchEffectKind::kCloseStream);
    std::string problem = stale ? "the list is older than what was seen; asking again"
                                : "the list has no resourceVersion; is this the API server?";
    waitThen(Next::kList, Error{ErrorCode::kUnavailable, what_ + ": " + problem, 0, {}}, out, now);
    return false;
  }
  staleLists_ = 0;
  unpaged_ = false;
  failing_ = false;
  resourceVersion_ = resourceVersion;
  push(out, WatchEffectKind::kSinkSynced);
  return true;
}

WatchEffects WatchMachine::onErrorEvent(const ApiStatus& status, MonoTime now) {
  WatchEffects out;
  const Next again = state_ == WatchState::kStreamingList ? Next::kList : Next::kWatch;
  push(&out, WatchEffectKind::kCloseStream);
  refuse(status, again, &out, now);
  return out;
}

WatchEffects WatchMachine::onBadLine(MonoTime now) {
  WatchEffects out;
  push(&out, WatchEffectKind::kCloseStream);
  waitThen(
      Next::kList,
      Error{ErrorCode::kInternal, what_ + ": got a line that is no event; listing again", 0, {}},
      &out, now);
  return out;
}

WatchEffects WatchMachine::onRefused(const ApiStatus& status, MonoTime now) {
  WatchEffects out;
  refuse(status, state_ == WatchState::kStreamingList ? Next::kList : Next::kWatch, &out, now);
  return out;
}

WatchEffects WatchMachine::onEnd(const Status& how, MonoTime now) {
  WatchEffects out;
  if (state_ == WatchState::kStreamingList) {
    if (opened_ != MonoTime{}) ++streamingFailures_;  // a refused connection says nothing
    Error error = how ? Error{ErrorCode::kUnavailable, "the stream ended", 0, {}} : how.error();
    error.message = what_ + ": the streaming list was cut: " + error.message;
    waitThen(Next::kList, std::move(error), &out, now);
    return out;
  }
  if (state_ != WatchState::kWatching) return out;
  const bool tooShort = !sawEvent_ && now - opened_ < policy_.tooShort;
  // A server that was restored from a backup does not know our version yet and says nothing at all,
  // not even a bookmark, until it has come so far.
  if (how && !sawEvent_ && sendsBookmarks_ && now - opened_ >= policy_.minTimeout) {
    sendsBookmarks_ = false;
    beginList(&out);
    return out;
  }
  if (how && !tooShort) {
    if (healthy(now)) failures_ = 0;
    if (now - opened_ >= policy_.healthyAfter) failures_ = 0;
    openWatch(&out);
    return out;
  }
  Error error =
      how ? Error{ErrorCode::kUnavailable, "the stream ended at once", 0, {}} : how.error();
  error.message = what_ + ": " + error.message;
  waitThen(Next::kWatch, std::move(error), &out, now);
  return out;
}

WatchEffects WatchMachine::onPage(std::string_view resourceVersion, std::string_view continueToken,
                                  MonoTime now) {
  WatchEffects out;
  if (state_ != WatchState::kPagedList) return out;
  continueToken_ = continueToken;
  if (!continueToken_.empty()) {
    fetchPage(&out);
    return out;
  }
  streamingFailures_ = 0;
  if (listComplete(resourceVersion, &out, now)) openWatch(&out);
  return out;
}

WatchEffects WatchMachine::onPageRefused(const ApiStatus& status, MonoTime now) {
  WatchEffects out;
  if (state_ != WatchState::kPagedList) return out;
  const bool paging = !continueToken_.empty();
  if (isGone(status) && paging) unpaged_ = true;
  // A continue token that is not understood does not get better; neither does a kind that is gone.
  const bool fromTheFront = paging && (isUnsupported(status) || status.code == 404);
  refuse(status, fromTheFront ? Next::kList : Next::kPage, &out, now);
  return out;
}

WatchEffects WatchMachine::onPageFailed(const Error& error, MonoTime now) {
  WatchEffects out;
  if (state_ != WatchState::kPagedList) return out;
  Error told = error;
  told.message = what_ + ": " + told.message;
  Next next = Next::kPage;
  if (error.code == ErrorCode::kInvalid) {
    // The rest of the list in smaller pages; the whole at once never fits, so that goes by pages.
    if (unpaged_) next = Next::kList;
    if (!unpaged_) pageSize_ = std::max(1, pageSize_ / 4);
    unpaged_ = false;
  }
  waitThen(next, std::move(told), &out, now);
  return out;
}

void WatchMachine::refuse(const ApiStatus& status, Next again, WatchEffects* out, MonoTime now) {
  if (isGone(status) || status.hasCause("ResourceVersionTooLarge")) {
    listAgain(status, out, now);
  } else if (state_ == WatchState::kStreamingList && isUnsupported(status)) {
    streamingRefused_ = true;
    fetchPage(out);  // begin() was said already
  } else if (again == Next::kWatch && (isUnsupported(status) || status.code == 404)) {
    // What we resume from is not understood any more (another server, a restored one), or the kind
    // itself went away, and its objects with it.
    waitThen(Next::kList, toError(status, what_), out, now);
  } else {
    waitThen(again, toError(status, what_), out, now);
  }
}

void WatchMachine::listAgain(const ApiStatus& status, WatchEffects* out, MonoTime now) {
  // At once, since the world is unknown until then; but not in a loop.
  if (failures_ != 0 && !healthy(now)) {
    waitThen(Next::kList, toError(status, what_), out, now);
    return;
  }
  failures_ = 1;
  beginList(out);
}

bool WatchMachine::healthy(MonoTime now) const {
  return state_ == WatchState::kWatching && opened_ != MonoTime{} &&
         now - opened_ >= policy_.healthyAfter;
}

void WatchMachine::waitThen(Next next, Error error, WatchEffects* out, MonoTime now) {
  if (healthy(now)) failures_ = 0;
  failing_ = true;
  opened_ = {};
  milliseconds ceiling = policy_.minBackoff * (1LL << std::min(failures_, 20));
  ceiling = std::min(ceiling, policy_.maxBackoff);
  ++failures_;
  const double jitter = std::clamp(random_(), 0.0, 1.0);
  const milliseconds delay(static_cast<int64_t>(static_cast<double>(ceiling.count()) * jitter));
  WatchEffect wait;
  wait.kind = WatchEffectKind::kWait;
  wait.delay = std::max(delay, error.retryAfter);
  WatchEffect failed;
  failed.kind = WatchEffectKind::kSinkFailed;
  failed.error = std::move(error);
  out->push(std::move(failed));
  out->push(std::move(wait));
  state_ = WatchState::kWaiting;
  next_ = next;
}

}  // namespace firebreak::kube
