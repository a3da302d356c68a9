#include "kube/watch_machine.h"

#include <algorithm>
#include <utility>

#include "kube/resource_types.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;

// A streaming list that fails this often in a row is given up for a paged one.
constexpr int kMaxStreamingFailures = 3;
// A server that does not know sendInitialEvents sends bookmarks, but never the one that ends the
// list; a server that does sends none before it.
constexpr int kMaxPlainBookmarks = 2;
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
    : what_(std::move(what)), random_(std::move(random)), policy_(policy) {}

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
  if (!unpaged_) effect.query = "limit=" + std::to_string(policy_.pageSize);
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
  if (status == 200) opened_ = now;
  return {};
}

WatchEffects WatchMachine::onObject(WatchEventType type, std::string_view resourceVersion,
                                    MonoTime) {
  WatchEffects out;
  sawEvent_ = true;
  if (state_ == WatchState::kStreamingList) {
    // Synthetic events come in any order of versions: none is a place to resume from.
    pushObject(&out, type, true);
  } else if (state_ == WatchState::kWatching) {
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
    if (!resourceVersion.empty()) resourceVersion_ = resourceVersion;
  } else if (state_ == WatchState::kStreamingList && initialEventsEnd) {
    resourceVersion_ = resourceVersion;
    streamingFailures_ = 0;
    state_ = WatchState::kWatching;
    push(&out, WatchEffectKind::kSinkSynced);
  } else if (state_ == WatchState::kStreamingList && ++plainBookmarks_ >= kMaxPlainBookmarks) {
    streamingRefused_ = true;
    push(&out, WatchEffectKind::kCloseStream);
    waitThen(Next::kList, Error{ErrorCode::kUnavailable, what_ + ": no streaming list here", 0, {}},
             &out, now);
  }
  return out;
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
  if (how && !tooShort) {
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
                                  MonoTime) {
  WatchEffects out;
  if (state_ != WatchState::kPagedList) return out;
  continueToken_ = continueToken;
  if (!continueToken_.empty()) {
    fetchPage(&out);
    return out;
  }
  unpaged_ = false;
  streamingFailures_ = 0;
  resourceVersion_ = resourceVersion;
  push(&out, WatchEffectKind::kSinkSynced);
  openWatch(&out);
  return out;
}

WatchEffects WatchMachine::onPageRefused(const ApiStatus& status, MonoTime now) {
  WatchEffects out;
  if (isGone(status) && !continueToken_.empty()) unpaged_ = true;
  refuse(status, Next::kPage, &out, now);
  return out;
}

WatchEffects WatchMachine::onPageFailed(const Error& error, MonoTime now) {
  WatchEffects out;
  Error told = error;
  told.message = what_ + ": " + told.message;
  waitThen(Next::kPage, std::move(told), &out, now);
  return out;
}

void WatchMachine::refuse(const ApiStatus& status, Next again, WatchEffects* out, MonoTime now) {
  if (isGone(status) || status.hasCause("ResourceVersionTooLarge")) {
    listAgain(status, out, now);
  } else if (state_ == WatchState::kStreamingList && isUnsupported(status)) {
    streamingRefused_ = true;
    fetchPage(out);  // begin() was said already
  } else if (again == Next::kWatch && isUnsupported(status)) {
    // What we resume from is not understood any more (another server, a restored one).
    waitThen(Next::kList, toError(status, what_), out, now);
  } else {
    waitThen(again, toError(status, what_), out, now);
  }
}

void WatchMachine::listAgain(const ApiStatus& status, WatchEffects* out, MonoTime now) {
  // At once, since the world is unknown until then; but not in a loop.
  const bool healthy =
      failures_ == 0 || (opened_ != MonoTime{} && now - opened_ >= policy_.healthyAfter);
  if (!healthy) {
    waitThen(Next::kList, toError(status, what_), out, now);
    return;
  }
  failures_ = 1;
  beginList(out);
}

void WatchMachine::waitThen(Next next, Error error, WatchEffects* out, MonoTime now) {
  if (state_ == WatchState::kWatching && opened_ != MonoTime{} &&
      now - opened_ >= policy_.healthyAfter) {
    failures_ = 0;
  }
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
