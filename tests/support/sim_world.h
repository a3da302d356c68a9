// SimWorld: the objects of one resource type as etcd holds them: every version in order, and how far
// the past was compacted. Names are "s/k0", "s/k1", ...; a name that is used again has a new uid.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace firebreak {

using SimRandom = std::mt19937;

// Small helpers so that a history depends on nothing but its seed.
inline bool chance(SimRandom& random, int percent) {
  return static_cast<int>(random() % 100) < percent;
}
inline size_t below(SimRandom& random, size_t limit) { return random() % limit; }

class SimWorld {
 public:
  struct Version {
    std::string name;
    std::string uid;
    int64_t rv = 0;
    bool added = false;
    bool deleted = false;
  };
  using Objects = std::map<std::string, Version>;  // by name

  // One change of a random object, or of something else that shares the versions.
  void change(SimRandom& random) {
    if (chance(random, 25)) {
      rv_ += 1;
      return;
    }
    const std::string name = "k" + std::to_string(below(random, kNames));
    auto it = now_.find(name);
    if (it == now_.end()) {
      write({name, "u" + std::to_string(++uids_), 0, true, false});
    } else if (chance(random, 30)) {
      write({name, it->second.uid, 0, false, true});
    } else {
      write({name, it->second.uid, 0, false, false});
    }
  }
  void compact(int64_t upTo) { compacted_ = std::max(compacted_, std::min(upTo, rv_)); }

  int64_t rv() const { return rv_; }
  int64_t compacted() const { return compacted_; }
  const Objects& now() const { return now_; }
  Objects at(int64_t rv) const {
    Objects objects;
    for (const Version& version : log_) {
      if (version.rv > rv) break;
      if (version.deleted) {
        objects.erase(version.name);
      } else {
        objects[version.name] = version;
      }
    }
    return objects;
  }
  // What happened after `rv`, in order.
  std::vector<Version> since(int64_t rv) const {
    std::vector<Version> later;
    for (const Version& version : log_) {
      if (version.rv > rv) later.push_back(version);
    }
    return later;
  }
  bool existed(const std::string& name, const std::string& uid, int64_t rv) const {
    for (const Version& version : log_) {
      if (version.rv == rv) return version.name == name && version.uid == uid && !version.deleted;
    }
    return false;
  }
  bool lives(const std::string& uid) const {
    for (const auto& [name, version] : now_) {
      if (version.uid == uid) return true;
    }
    return false;
  }

 private:
  static constexpr size_t kNames = 5;

  void write(Version version) {
    rv_ += 1;
    version.rv = rv_;
    log_.push_back(version);
    if (version.deleted) {
      now_.erase(version.name);
    } else {
      now_[version.name] = version;
    }
  }

  std::vector<Version> log_;
  Objects now_;
  int64_t rv_ = 97;  // so that numbers of two and three digits are compared
  int64_t compacted_ = 0;
  int uids_ = 0;
};

}  // namespace firebreak
