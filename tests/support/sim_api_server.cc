#include "support/sim_api_server.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace firebreak {
namespace {

using std::chrono::milliseconds;

std::string statusJson(int code, const std::string& reason) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","code":)" + std::to_string(code) +
         R"(,"reason":")" + reason + R"(","message":"simulated"})";
}

kube::HttpResponse response(int status, std::string body) {
  return kube::HttpResponse{status, std::move(body), milliseconds(status == 429 ? 1000 : 0)};
}

}  // namespace

std::map<std::string, std::string> SimApiServer::queryOf(const std::string& path) {
  std::map<std::string, std::string> query;
  const size_t mark = path.find('?');
  std::istringstream parts(mark == std::string::npos ? "" : path.substr(mark + 1));
  for (std::string part; std::getline(parts, part, '&');) {
    const size_t equals = part.find('=');
    if (equals != std::string::npos) query[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return query;
}

std::string SimApiServer::objectJson(const SimWorld::Version& version) {
  return R"({"kind":"Pod","apiVersion":"v1","metadata":{"namespace":"s","name":")" + version.name +
         R"(","uid":")" + version.uid + R"(","resourceVersion":")" + std::to_string(version.rv) +
         "\"}}";
}

SimApiServer::Line SimApiServer::eventLine(const SimWorld::Version& version, const char* type) {
  return {LineKind::kEvent,
          std::string(R"({"type":")") + type + R"(","object":)" + objectJson(version) + "}\n",
          version.rv};
}

SimApiServer::Line SimApiServer::bookmark(int64_t rv, bool listEnd) const {
  std::string text =
      R"({"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":")" +
      std::to_string(rv) + "\"";
  if (listEnd) text += R"(,"annotations":{"k8s.io/initial-events-end":"true"})";
  return {listEnd ? LineKind::kListEnd : LineKind::kBookmark, text + "}}}\n", rv};
}

// A replica that lags behind what it told before; not more than twice until a list is complete, since
// what never gets better is the truth.
int64_t SimApiServer::listVersion(bool* stale) {
  *stale = false;
  if (promised_ > 98 && staleInARow_ < 2 && fails(10)) {
    ++staleInARow_;
    *stale = true;
    return promised_ - 1 - static_cast<int64_t>(below(random_, 3));
  }
  return world_.rv();
}

void SimApiServer::checkResume(const std::map<std::string, std::string>& query) {
  const auto asked = query.find("resourceVersion");
  const std::string got = asked == query.end() ? "" : asked->second;
  if (got != std::to_string(known_)) {
    violations_.push_back("resumes from \"" + got + "\", was told everything up to " +
                          std::to_string(known_));
  }
}

kube::StreamId SimApiServer::open(kube::HttpRequest request,
                                  std::shared_ptr<kube::StreamHandler> handler) {
  if (stream_) violations_.push_back("opens a second stream");
  stream_ = std::make_unique<Stream>();
  stream_->id = ++lastId_;
  stream_->handler = std::move(handler);
  stream_->query = queryOf(request.path);
  stream_->listing = stream_->query.contains("sendInitialEvents");
  note("open " + request.path.substr(request.path.find('?')));
  if (!stream_->listing) checkResume(stream_->query);
  return stream_->id;
}

void SimApiServer::close(kube::StreamId id) {
  if (stream_ && stream_->id == id) stream_.reset();
}

void SimApiServer::schedule(milliseconds delay, std::function<void()> task) {
  timers_.emplace(clock_.mono() + delay, std::move(task));
}

void SimApiServer::send(kube::HttpRequest request,
                        std::function<void(kube::TransportResult)> done) {
  note("send " + request.path.substr(request.path.find('?')));
  schedule(milliseconds(1), [this, query = queryOf(request.path), done = std::move(done)] {
    if (fails(10)) {
      note("  cut");
      done(tl::unexpected(kube::TransportError{
          Error{ErrorCode::kUnavailable, "cut", 0, {}}, kube::Sent::kMaybe}));
      return;
    }
    done(page(query));
  });
}

kube::TransportResult SimApiServer::page(const std::map<std::string, std::string>& query) {
  if (fails(8)) return response(429, statusJson(429, "TooManyRequests"));
  if (fails(5)) return response(500, statusJson(500, "InternalError"));
  bool stale = false;
  int64_t rv = 0;
  size_t from = 0;
  if (auto token = query.find("continue"); token != query.end()) {
    const size_t dot = token->second.find('.');
    rv = std::stoll(token->second.substr(0, dot));
    from = std::stoul(token->second.substr(dot + 1));
    if (rv < world_.compacted() || fails(10)) {
      ++listCauses_;
      note("  410");
      return response(410, statusJson(410, "Expired"));
    }
  } else {
    rv = listVersion(&stale);
    if (stale) ++listCauses_;
  }
  const auto objects = world_.at(rv);
  const auto limit = query.find("limit");
  const size_t size = limit == query.end() ? objects.size() : std::stoul(limit->second);
  std::string items;
  size_t at = 0;
  for (const auto& [name, version] : objects) {
    if (at >= from && at < from + size) items += (items.empty() ? "" : ",") + objectJson(version);
    ++at;
  }
  std::string meta = R"("resourceVersion":")" + std::to_string(rv) + "\"";
  if (from + size < objects.size()) {
    meta += R"(,"continue":")" + std::to_string(rv) + "." + std::to_string(from + size) + "\"";
  } else if (rv >= promised_) {
    known_ = promised_ = rv;
    staleInARow_ = 0;
  }
  note("  page at " + std::to_string(rv) + (stale ? " (stale)" : ""));
  return response(200, R"({"kind":"PodList","apiVersion":"v1","metadata":{)" + meta +
                           R"(},"items":[)" + items + "]}");
}

void SimApiServer::refuse(Stream& stream, int status, const std::string& reason) {
  note("  " + std::to_string(status));
  if (stream.listing && status != 422) ++listCauses_;
  if (!stream.listing && status == 410) ++listCauses_;
  auto handler = stream.handler;
  const auto id = stream.id;
  handler->onHead(status, milliseconds(status == 429 ? 1000 : 0));
  handler->onData(statusJson(status, reason));
  if (!stream_ || stream_->id != id) return;
  stream_.reset();
  handler->onEnd({});
}

void SimApiServer::answer(Stream& stream) {
  if (fails(5)) return end(stream, false);
  if (fails(5)) return refuse(stream, 429, "TooManyRequests");
  if (fails(4)) return refuse(stream, 503, "ServiceUnavailable");
  if (stream.listing && !traits_.streamingList) return refuse(stream, 422, "Invalid");
  const auto asked = stream.query.find("resourceVersion");
  // Without a version a watch begins anywhere, here with what happens next.
  const int64_t from = asked == stream.query.end() || asked->second.empty()
                           ? world_.rv()
                           : std::stoll(asked->second);
  const bool gone = !stream.listing && from < world_.compacted();
  if (gone && !traits_.refusesInStream) return refuse(stream, 410, "Expired");
  stream.headed = true;
  stream.cursor = stream.listing ? listVersion(&stream.stale) : from;
  if (stream.listing) {
    for (const auto& [name, version] : world_.at(stream.cursor)) stream.initial.push_back(version);
  }
  note(stream.stale ? "  200, a stale list" : "  200");
  if (gone) {
    ++listCauses_;
    stream.wire.push_back(
        {LineKind::kGone, R"({"type":"ERROR","object":)" + statusJson(410, "Expired") + "}\n"});
  }
  stream.handler->onHead(200, {});
}

// Puts what happened since on the wire.
void SimApiServer::fill(Stream& stream) {
  if (!stream.wire.empty()) return;
  if (!stream.initial.empty()) {
    stream.wire.push_back(eventLine(stream.initial.front(), "ADDED"));
    stream.initial.pop_front();
    return;
  }
  if (stream.stale) {  // it stays as old as it began
    if (stream.listing) stream.wire.push_back(bookmark(stream.cursor, true));
    return;
  }
  // What happened while the list was on its way comes before its end, or after.
  const bool live = !stream.listing || chance(random_, 30);
  if (live) {
    for (const auto& version : world_.since(stream.cursor)) {
      stream.wire.push_back(eventLine(
          version, version.deleted ? "DELETED" : (version.added ? "ADDED" : "MODIFIED")));
    }
    stream.cursor = world_.rv();
  }
  if (stream.listing && stream.wire.empty()) stream.wire.push_back(bookmark(stream.cursor, true));
}

void SimApiServer::deliverLines(Stream& stream, size_t count) {
  std::string bytes;
  std::vector<Line> lines;
  for (; count > 0 && !stream.wire.empty(); --count) {
    lines.push_back(stream.wire.front());
    bytes += lines.back().text.substr(stream.offset);
    stream.offset = 0;
    stream.wire.pop_front();
    // What follows such a line is read or not, so nothing else comes with it.
    if (lines.back().kind != LineKind::kEvent && lines.back().kind != LineKind::kBookmark) break;
  }
  const auto id = stream.id;
  const bool wasListing = stream.listing;
  const bool stale = stream.stale;
  for (const Line& line : lines) {
    if (line.kind == LineKind::kEvent) stream.sent.push_back(line);
    if (line.kind == LineKind::kGarbage) ++listCauses_;
    if (line.kind == LineKind::kRefusal && wasListing) ++listCauses_;
    if (line.kind == LineKind::kListEnd) {
      if (stale) ++listCauses_;
      stream.listing = false;
      if (!stale) {
        known_ = promised_ = line.rv;
        staleInARow_ = 0;
      }
    }
    const bool told = line.kind == LineKind::kEvent || line.kind == LineKind::kBookmark;
    if (told && !wasListing && !stale) known_ = promised_ = std::max(known_, line.rv);
  }
  stream.anything = true;
  auto handler = stream.handler;
  const bool more = handler->onData(bytes);
  if (more || !stream_ || stream_->id != id) return;
  stream_.reset();
  handler->onEnd(fail(ErrorCode::kUnavailable, "ended by its handler"));
}

void SimApiServer::deliver(Stream& stream, bool all) {
  if (!stream.headed) return answer(stream);
  fill(stream);
  if (stream.wire.empty()) return;
  const std::string& text = stream.wire.front().text;
  if (!all && chance(random_, 40)) {  // a part of a line, as little as one byte
    const size_t left = text.size() - stream.offset;
    const size_t size = below(random_, left);
    const std::string part = text.substr(stream.offset, size);
    stream.offset += size;
    if (!part.empty()) stream.handler->onData(part);
    return;
  }
  deliverLines(stream, all ? 100 : 1 + below(random_, 3));
}

void SimApiServer::end(Stream& stream, bool properly) {
  note(properly ? "  end" : "  cut");
  if (stream.listing && stream.headed) ++listCauses_;
  if (stream.listing && !stream.headed) ++listCauses_;
  // A watch in which nothing came may be followed by a list.
  if (properly && !stream.anything) ++listCauses_;
  auto handler = stream.handler;
  const bool headed = stream.headed;
  stream_.reset();
  handler->onEnd(properly && headed
                     ? Status()
                     : tl::unexpected(Error{ErrorCode::kUnavailable, "cut", 0, {}}));
}

void SimApiServer::breakSomething(Stream& stream) {
  switch (below(random_, 8)) {
    case 0:
    case 1:
      return end(stream, false);
    case 2:
    case 3:
      return end(stream, true);
    default:
      break;
  }
  // The rest are lines; they cannot come inside one that is half sent.
  if (!stream.headed || stream.offset != 0) return;
  switch (below(random_, 8)) {
    case 0:
      stream.wire.push_front(
          {LineKind::kRefusal,
           R"({"type":"ERROR","object":)" + statusJson(500, "InternalError") + "}\n"});
      break;
    case 1:
      stream.wire.push_front({LineKind::kGarbage, "{\"type\":\"ADDED\",\"obj\n"});
      break;
    case 2:
      stream.wire.push_front({LineKind::kNoise, "{\"type\":\"NEWS\",\"object\":{}}\n"});
      break;
    default:
      if (stream.sent.empty() || stream.listing) break;
      stream.wire.push_front(stream.sent[below(random_, stream.sent.size())]);
      break;
  }
}

void SimApiServer::runDue() {
  while (!timers_.empty() && timers_.begin()->first <= clock_.mono()) {
    auto task = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    task();
  }
}

bool SimApiServer::advance() {
  if (timers_.empty()) return false;
  if (timers_.begin()->first > clock_.mono()) {
    clock_.advance(timers_.begin()->first - clock_.mono());
  }
  runDue();
  return true;
}

void SimApiServer::step() {
  runDue();
  const size_t what = below(random_, 100);
  if (what < 35) {
    world_.change(random_);
  } else if (what < 40) {
    world_.compact(world_.rv() - static_cast<int64_t>(below(random_, 8)));
  } else if (what < 55) {
    if (!advance()) clock_.advance(milliseconds(below(random_, 4000)));
  } else if (!stream_) {
    advance();
  } else if (what < 65) {
    breakSomething(*stream_);
  } else if (what < 70) {
    const bool watching = stream_->headed && !stream_->listing && !stream_->stale;
    if (traits_.bookmarks && watching && stream_->wire.empty() && stream_->initial.empty()) {
      stream_->wire.push_back(bookmark(stream_->cursor, false));
    }
  } else {
    deliver(*stream_, false);
  }
}

bool SimApiServer::settle() {
  runDue();
  if (!stream_) return advance();
  if (stream_->stale && !stream_->listing) {
    violations_.push_back("goes on in a stale list");
    return false;
  }
  if (stream_->headed) {
    fill(*stream_);
    if (stream_->wire.empty()) return false;
  }
  deliver(*stream_, true);
  return true;
}

std::string SimApiServer::trace() const {
  std::string text;
  for (const std::string& line : trace_) text += line + "\n";
  return text;
}

}  // namespace firebreak
