// SimApiServer: a Transport behind which there is a small API server in memory, with time that only
// a test moves and faults that it chooses: streaming and paged lists, watches, 410, bookmarks, cut
// and duplicated lines, lists that are older than they may be. Everything on one thread; everything
// follows from the random numbers that it is given.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kube/transport.h"
#include "support/fake_clock.h"
#include "support/sim_world.h"

namespace firebreak {

class SimApiServer : public kube::Transport {
 public:
  struct Traits {
    bool streamingList = true;  // else 422, as an old server answers
    bool bookmarks = true;
    bool refusesInStream = true;  // 410 as an ERROR line rather than as the status
  };

  SimApiServer(SimWorld& world, FakeClock& clock, SimRandom& random, Traits traits)
      : world_(world), clock_(clock), random_(random), traits_(traits) {}

  // One random thing happens: bytes arrive, a stream breaks, time passes.
  void step();
  // From now on nothing fails any more.
  void calm() { faults_ = false; }
  // Everything that is on its way arrives; time passes until something is due. False where nothing
  // is left to happen but waiting.
  bool settle();

  // How many full lists a client that is right may have needed at most.
  int listsAllowed() const { return 1 + listCauses_; }
  // What a client asked for that it must not ask; empty = nothing.
  const std::vector<std::string>& violations() const { return violations_; }
  // Requests and what became of them, to be shown where a test fails.
  std::string trace() const;

  void send(kube::HttpRequest request, std::function<void(kube::TransportResult)> done) override;
  kube::StreamId open(kube::HttpRequest request,
                      std::shared_ptr<kube::StreamHandler> handler) override;
  void close(kube::StreamId id) override;
  void schedule(std::chrono::milliseconds delay, std::function<void()> task) override;
  bool onIoThread() const override { return true; }
  void renewCredentials(std::function<void()> done) override { done(); }
  void stop() override { timers_.clear(); }

 private:
  enum class LineKind { kEvent, kListEnd, kBookmark, kGone, kRefusal, kGarbage, kNoise };
  struct Line {
    LineKind kind;
    std::string text;
    int64_t rv = 0;
  };
  struct Stream {
    kube::StreamId id = 0;
    std::shared_ptr<kube::StreamHandler> handler;
    std::map<std::string, std::string> query;
    bool headed = false;
    bool listing = false;
    bool stale = false;
    bool anything = false;  // was sent in it
    int64_t cursor = 0;     // what happened up to here is in `wire` or was sent
    std::deque<SimWorld::Version> initial;
    std::deque<Line> wire;
    std::vector<Line> sent;
    size_t offset = 0;  // of the first line on the wire that was sent
  };

  static std::map<std::string, std::string> queryOf(const std::string& path);
  static std::string objectJson(const SimWorld::Version& version);
  static Line eventLine(const SimWorld::Version& version, const char* type);
  Line bookmark(int64_t rv, bool listEnd) const;

  void answer(Stream& stream);
  void refuse(Stream& stream, int status, const std::string& reason);
  void fill(Stream& stream);
  void deliver(Stream& stream, bool all);
  void deliverLines(Stream& stream, size_t count);
  void end(Stream& stream, bool properly);
  void breakSomething(Stream& stream);
  kube::TransportResult page(const std::map<std::string, std::string>& query);
  void checkResume(const std::map<std::string, std::string>& query);
  bool fails(int percent) { return faults_ && chance(random_, percent); }
  int64_t listVersion(bool* stale);
  void runDue();
  bool advance();
  void note(std::string text) { trace_.push_back(std::move(text)); }

  SimWorld& world_;
  FakeClock& clock_;
  SimRandom& random_;
  const Traits traits_;
  bool faults_ = true;
  std::unique_ptr<Stream> stream_;  // one watch is all that a Reflector has
  kube::StreamId lastId_ = 0;
  std::multimap<MonoTime, std::function<void()>> timers_;
  int64_t known_ = 0;     // the version up to which the client surely was told everything
  int64_t promised_ = 0;  // the newest that any list or event told it
  int staleInARow_ = 0;
  int listCauses_ = 0;
  std::vector<std::string> violations_;
  std::vector<std::string> trace_;
};

}  // namespace firebreak
