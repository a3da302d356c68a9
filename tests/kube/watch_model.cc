#include "kube/watch_model.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "kube/object_identity.h"
#include "kube/store.h"
#include "kube/watch.h"
#include "support/sim_api_server.h"

namespace firebreak::kube {
namespace {

struct Thing {
  std::string name;
  std::string uid;
  int64_t rv = 0;
};

Result<Thing> projectThing(std::string_view json) {
  auto identity = identityOf(json);
  if (!identity) return tl::unexpected(identity.error());
  return Thing{identity->name, identity->uid, std::stoll(identity->resourceVersion)};
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), by);
  return text;
}

// The text between `before` and `after`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t begin = text.find(before);
  if (begin == std::string::npos) return "";
  const size_t from = begin + before.size();
  return text.substr(from, text.find(after, from) - from);
}

constexpr const char* kVersionField = R"("resourceVersion":")";
constexpr const char* kEndField = R"(,"annotations":{"k8s.io/initial-events-end":"true"})";

// Between server and Reflector: what a Reflector with this bug would have sent or understood.
class BuggyTransport : public Transport {
 public:
  BuggyTransport(SimApiServer& inner, const SimWorld& world, ModelBug bug)
      : inner_(inner), world_(world), bug_(bug) {}

  void send(HttpRequest request, std::function<void(TransportResult)> done) override {
    if (bug_ == ModelBug::kLostContinueToken || bug_ == ModelBug::kStaleListAccepted) {
      done = [this, done = std::move(done)](TransportResult result) {
        if (result && result->status == 200) result->body = page(result->body);
        done(std::move(result));
      };
    }
    inner_.send(std::move(request), std::move(done));
  }
  StreamId open(HttpRequest request, std::shared_ptr<StreamHandler> handler) override {
    const bool list = request.path.find("sendInitialEvents") != std::string::npos;
    if (!list && (bug_ == ModelBug::kLostResume || pretend_)) {
      const std::string version = between(request.path, "&resourceVersion=", "&");
      request.path = replaced(request.path, "&resourceVersion=" + version,
                              pretend_ ? "&resourceVersion=" + std::to_string(world_.rv()) : "");
      pretend_ = false;
    }
    return inner_.open(std::move(request), std::make_shared<Ear>(*this, std::move(handler)));
  }
  void close(StreamId id) override { inner_.close(id); }
  void schedule(std::chrono::milliseconds delay, std::function<void()> task) override {
    inner_.schedule(delay, std::move(task));
  }
  bool onIoThread() const override { return true; }
  void renewCredentials(std::function<void()> done) override { done(); }
  void stop() override { inner_.stop(); }

 private:
  // Hands on whole lines, so that they can be changed.
  class Ear : public StreamHandler {
   public:
    Ear(BuggyTransport& owner, std::shared_ptr<StreamHandler> inner)
        : owner_(owner), inner_(std::move(inner)) {}
    void onHead(int status, std::chrono::milliseconds retryAfter) override {
      status_ = status;
      if (status == 410 && owner_.bug_ == ModelBug::kIgnoredGone) {
        owner_.pretend_ = swallowed_ = true;
        inner_->onHead(200, {});
        return;
      }
      inner_->onHead(status, retryAfter);
    }
    bool onData(std::string_view bytes) override {
      if (swallowed_) return true;
      if (status_ != 200) return inner_->onData(bytes);
      partial_ += bytes;
      for (size_t end = 0; (end = partial_.find('\n')) != std::string::npos;) {
        const std::string line = partial_.substr(0, end + 1);
        partial_.erase(0, end + 1);
        const std::string told = owner_.line(line, &listed_);
        if (told.empty()) continue;
        if (told == "end") return false;
        if (!inner_->onData(told)) return false;
      }
      return true;
    }
    void onEnd(const Status& how) override {
      if (owner_.bug_ == ModelBug::kCutLineIsComplete && !partial_.empty()) {
        inner_->onData(partial_ + "\n");
      }
      if (swallowed_ || owner_.pretend_) return inner_->onEnd({});
      inner_->onEnd(how);
    }

   private:
    BuggyTransport& owner_;
    const std::shared_ptr<StreamHandler> inner_;
    std::string partial_;
    int status_ = 0;
    bool swallowed_ = false;
    bool listed_ = false;  // the first object of a list was seen
  };

  std::string page(std::string body) {
    const std::string version = between(body, kVersionField, "\"");
    if (bug_ == ModelBug::kLostContinueToken) {
      return replaced(body, R"(,"continue":")" + between(body, R"(,"continue":")", "\"") + "\"", "");
    }
    return replaced(body, kVersionField + version + "\"",
                    kVersionField + std::to_string(world_.rv()) + "\"");
  }

  std::string line(std::string text, bool* listed) {
    const bool isBookmark = text.find(R"("type":"BOOKMARK")") != std::string::npos;
    const bool isEnd = isBookmark && text.find(kEndField) != std::string::npos;
    const bool isObject = text.find(R"("uid")") != std::string::npos;
    const std::string version = between(text, kVersionField, "\"");
    switch (bug_) {
      case ModelBug::kIgnoredGone:
        if (text.find(R"("code":410)") == std::string::npos) return text;
        pretend_ = true;
        return "end";
      case ModelBug::kSwallowedBookmark:
        return isBookmark && !isEnd ? "" : text;
      case ModelBug::kSwallowedDeletion:
        return text.find(R"("type":"DELETED")") != std::string::npos ? "" : text;
      case ModelBug::kHalfAList:
        if (!isObject || std::exchange(*listed, true)) return text;
        return text + R"({"type":"BOOKMARK","object":{"metadata":{)" + kVersionField +
               std::to_string(world_.rv()) + "\"" + kEndField + "}}}\n";
      case ModelBug::kStaleListAccepted:
        if (!isEnd) return text;
        return replaced(text, kVersionField + version,
                        kVersionField + std::to_string(world_.rv()));
      case ModelBug::kVersionOfSynthetic:
        if (isObject) {
          if (!*listed) last_ = version;
          return text;
        }
        if (!isEnd) return text;
        *listed = true;
        return last_.empty() ? text : replaced(text, kVersionField + version, kVersionField + last_);
      case ModelBug::kOldEventAsNew:
        if (!isObject || ++events_ % 7 != 0) return text;
        return text + replaced(text, kVersionField + version,
                               kVersionField + std::to_string(std::stoll(version) + 1));
      default:
        return text;
    }
  }

  SimApiServer& inner_;
  const SimWorld& world_;
  const ModelBug bug_;
  bool pretend_ = false;  // the next watch begins now, as if nothing had been missed
  int events_ = 0;
  std::string last_;
};

// Between Reflector and Store.
class BuggySink : public WatchSink {
 public:
  BuggySink(WatchSink& inner, ModelBug bug) : inner_(inner), bug_(bug) {}
  void begin() override {
    listing_ = true;
    if (bug_ == ModelBug::kMergedList && std::exchange(merged_, true)) return;
    inner_.begin();
  }
  void upsert(std::string_view json, bool initial) override {
    if (bug_ != ModelBug::kReusedUid) return inner_.upsert(json, initial);
    auto identity = identityOf(json);
    const std::string uid = uids_.emplace(identity->name, identity->uid).first->second;
    inner_.upsert(replaced(std::string(json), "\"" + identity->uid + "\"", "\"" + uid + "\""),
                  initial);
  }
  void erase(std::string_view json) override { inner_.erase(json); }
  void synced() override {
    listing_ = false;
    inner_.synced();
  }
  void failed(const Error& error) override {
    if (bug_ == ModelBug::kCutListIsComplete && std::exchange(listing_, false)) inner_.synced();
    inner_.failed(error);
  }
  void resumed() override { inner_.resumed(); }

 private:
  WatchSink& inner_;
  const ModelBug bug_;
  bool listing_ = false;
  bool merged_ = false;
  std::map<std::string, std::string> uids_;
};

// Everything that was told, against what may be told.
class Oracle {
 public:
  explicit Oracle(const SimWorld& world) : world_(world) {}

  void told(const std::shared_ptr<const Thing>& old, const std::shared_ptr<const Thing>& now) {
    const std::string name = now ? now->name : old->name;
    const auto known = told_.find(name);
    if ((old != nullptr) != (known != told_.end()) ||
        (old && (old->uid != known->second.uid || old->rv != known->second.rv))) {
      wrong(name + ": what it says was there before is not what it told before");
    }
    if (!now) {
      if (world_.lives(old->uid)) wrong(name + ": told as gone, but " + old->uid + " lives");
      gone_.insert(old->uid);
      told_.erase(name);
      return;
    }
    if (!world_.existed(name, now->uid, now->rv)) {
      wrong(name + ": told in a version that never was: " + now->uid + " at " +
            std::to_string(now->rv));
    }
    if (gone_.contains(now->uid)) wrong(name + ": " + now->uid + " came back from the dead");
    if (newest_[name] >= now->rv) {
      wrong(name + ": went back from " + std::to_string(newest_[name]) + " to " +
            std::to_string(now->rv));
    }
    if (old && old->uid != now->uid) wrong(name + ": " + old->uid + " was not told as gone");
    newest_[name] = now->rv;
    told_[name] = *now;
  }

  // True where what was told is exactly what there is.
  bool converged() const {
    const auto& real = world_.now();
    return told_.size() == real.size() &&
           std::all_of(real.begin(), real.end(), [&](const auto& entry) {
             auto it = told_.find(entry.first);
             return it != told_.end() && it->second.uid == entry.second.uid &&
                    it->second.rv == entry.second.rv;
           });
  }
  void wrong(std::string what) {
    if (problems_.size() < 5) problems_.push_back(std::move(what));
  }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  const SimWorld& world_;
  std::map<std::string, Thing> told_;
  std::map<std::string, int64_t> newest_;
  std::set<std::string> gone_;
  std::vector<std::string> problems_;
};

}  // namespace

std::optional<std::string> runModel(uint32_t seed, ModelBug bug) {
  SimRandom random(seed);
  FakeClock clock;
  SimWorld world;
  const size_t before = below(random, 12);
  for (size_t i = 0; i < before; ++i) world.change(random);
  SimApiServer::Traits traits;
  traits.streamingList = chance(random, 70);
  traits.bookmarks = chance(random, 70);
  traits.refusesInStream = chance(random, 70);
  SimApiServer server(world, clock, random, traits);
  BuggyTransport transport(server, world, bug);

  Oracle oracle(world);
  Store<Thing> store("things", projectThing);
  store.onChange([&](const std::string&, const auto& old, const auto& now) {
    oracle.told(old, now);
  });
  BuggySink sink(store, bug);
  WatchOptions options{.pageSize = 2, .clock = clock, .random = [&] {
                         return static_cast<double>(random() % 1000) / 1000.0;
                       }};
  Reflector reflector(transport, {kPods, "", "", "", false}, sink, options);
  reflector.start();

  const size_t steps = 60 + below(random, 240);
  for (size_t i = 0; i < steps; ++i) server.step();
  server.calm();
  // However it broke: minutes of silence later, all is known.
  for (int i = 0; i < 3000 && server.settle(); ++i) {
  }
  if (!store.hasSynced()) oracle.wrong("never synced");
  if (!oracle.converged()) oracle.wrong("does not end in the state of the world");
  if (store.size() != world.now().size()) oracle.wrong("the store holds other objects");
  if (store.lastError()) oracle.wrong("still says: " + store.lastError()->message);
  const auto stats = reflector.stats();
  if (stats.lists > static_cast<uint64_t>(server.listsAllowed())) {
    oracle.wrong("made " + std::to_string(stats.lists) + " lists where " +
                 std::to_string(server.listsAllowed()) + " were needed");
  }
  reflector.stop();
  for (const std::string& violation : server.violations()) oracle.wrong(violation);
  if (oracle.problems().empty()) return std::nullopt;
  std::string report = "seed " + std::to_string(seed) + ":\n";
  for (const std::string& problem : oracle.problems()) report += "  " + problem + "\n";
  return report + server.trace();
}

}  // namespace firebreak::kube
