// Store<T>: the projections of the objects that one Reflector sees, by "ns/name" (or "name").
// A new list is built beside the old one and swapped in when it is complete, so that readers never
// see half of one; objects that did not change keep their projection. What is gone after a list is
// found by comparing keys. A new uid under an old key is a deletion and an addition. What is older
// than what is held is left out: a key never goes back.
// Written by the I/O thread through WatchSink; every other method may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "kube/object_identity.h"
#include "kube/resource_version.h"
#include "kube/watch.h"

namespace firebreak::kube {

// How a store keeps one T: the projection itself. Specialised where a denser form pays.
template <class T>
struct Kept {
  Kept() = default;
  explicit Kept(T&& projection) : value(std::make_shared<const T>(std::move(projection))) {}
  std::shared_ptr<const T> show(std::string_view /*key*/, const std::string& /*uid*/,
                                const std::string& /*resourceVersion*/) const {
    return value;
  }

  std::shared_ptr<const T> value;
};

template <class T>
class Store : public WatchSink {
 public:
  using Ptr = std::shared_ptr<const T>;
  using Project = std::function<Result<T>(std::string_view objectJson)>;
  // added: (key, null, now); changed: (key, old, now); deleted: (key, old, null). On the I/O
  // thread, after the store holds the new state and without its lock: must not block.
  using OnChange = std::function<void(const std::string& key, const Ptr& old, const Ptr& now)>;
  using OnSynced = std::function<void()>;

  // `name` is for the log: "pods".
  Store(std::string name, Project project) : name_(std::move(name)), project_(std::move(project)) {}

  // Before the Reflector is started.
  void onChange(OnChange callback) { onChange_ = std::move(callback); }
  // Called after every complete list, after its changes.
  void onSynced(OnSynced callback) { onSynced_ = std::move(callback); }

  Ptr get(const std::string& key) const {
    std::lock_guard lock(mutex_);
    auto it = items_.find(key);
    return it == items_.end() ? nullptr : show(*it);
  }
  // Every object at once: for kinds of which there are few.
  std::vector<Ptr> snapshot() const {
    std::vector<Ptr> all;
    std::lock_guard lock(mutex_);
    all.reserve(items_.size());
    for (const auto& entry : items_) all.push_back(show(entry));
    return all;
  }
  // Those of one namespace that are wanted; `wanted(kept)` is asked under the lock.
  template <class Wanted>
  std::vector<Ptr> select(const std::string& ns, Wanted&& wanted) const {
    const std::string prefix = ns + "/";
    std::vector<Ptr> found;
    std::lock_guard lock(mutex_);
    for (auto it = items_.lower_bound(prefix); it != items_.end(); ++it) {
      if (!it->first.starts_with(prefix)) break;
      if (wanted(it->second.kept)) found.push_back(show(*it));
    }
    return found;
  }
  // Whether one of that namespace is wanted; none is shown for it.
  template <class Wanted>
  bool any(const std::string& ns, Wanted&& wanted) const {
    const std::string prefix = ns + "/";
    std::lock_guard lock(mutex_);
    for (auto it = items_.lower_bound(prefix); it != items_.end(); ++it) {
      if (!it->first.starts_with(prefix)) break;
      if (wanted(it->second.kept)) return true;
    }
    return false;
  }
  std::vector<Ptr> inNamespace(const std::string& ns) const {
    return select(ns, [](const Kept<T>&) { return true; });
  }
  Ptr findByUid(std::string_view uid) const {
    std::lock_guard lock(mutex_);
    auto it = byUid_.find(uid);
    return it == byUid_.end() ? nullptr : show(**it);
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    std::lock_guard lock(mutex_);
    all.reserve(items_.size());
    for (const auto& [key, item] : items_) all.push_back(key);
    return all;
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }
  // True from the first complete list on.
  bool hasSynced() const {
    std::lock_guard lock(mutex_);
    return synced_;
  }
  // Why the watch does not run at the moment; empty while it does.
  std::optional<Error> lastError() const {
    std::lock_guard lock(mutex_);
    return error_;
  }
  // Objects that could not be projected.
  uint64_t rejected() const {
    std::lock_guard lock(mutex_);
    return rejected_;
  }

  void begin() override { next_.emplace(); }

  void upsert(std::string_view objectJson, bool initial) override {
    auto identity = identityOf(objectJson);
    if (!identity) return reject(identity.error());
    const std::string key = identity->key();
    Item* known = nullptr;
    {
      std::lock_guard lock(mutex_);
      error_.reset();
      auto it = items_.find(key);
      if (it != items_.end()) known = &it->second;
    }
    if (!initial && known && isOlder(identity->resourceVersion, known->resourceVersion)) return;
    if (initial && next_) {
      auto listed = next_->find(key);
      if (listed != next_->end() &&
          isOlder(identity->resourceVersion, listed->second.resourceVersion)) {
        return;
      }
    }
    const bool same = known && isSame(*known, identity->uid, identity->resourceVersion);
    if (same && !initial) return;  // a duplicate event
    Item now{std::move(identity->uid), std::move(identity->resourceVersion), {}};
    if (same) {
      now.kept = known->kept;
    } else {
      auto projected = project_(objectJson);
      if (!projected) {
        reject(projected.error());
        // Whatever it is now, what it replaced is gone.
        if (!initial && known && known->uid != now.uid) remove(key);
        return;
      }
      now.kept = Kept<T>(std::move(*projected));
    }
    if (initial && next_) {
      next_->insert_or_assign(next_->end(), key, std::move(now));
      return;
    }
    std::optional<Item> old;
    Item* stored = nullptr;
    {
      std::lock_guard lock(mutex_);
      auto [it, added] = items_.try_emplace(key);
      if (!added) {
        unindex(*it);
        old = std::move(it->second);
      }
      it->second = std::move(now);
      byUid_.insert(&*it);
      stored = &it->second;
    }
    announce(key, old ? &*old : nullptr, stored);
  }

  void erase(std::string_view objectJson) override {
    auto identity = identityOf(objectJson);
    if (!identity) return reject(identity.error());
    const std::string key = identity->key();
    const auto overtaken = [&](const Item& held) {
      return isOlder(identity->resourceVersion, held.resourceVersion);
    };
    if (next_) {
      auto it = next_->find(key);
      if (it != next_->end() && !overtaken(it->second)) next_->erase(it);
    }
    {
      std::lock_guard lock(mutex_);
      auto it = items_.find(key);
      if (it == items_.end() || overtaken(it->second)) return;
    }
    remove(key);
  }

  void synced() override {
    if (!next_) return;
    Items old;
    ByUid byUid;
    byUid.reserve(next_->size());
    for (const auto& entry : *next_) byUid.insert(&entry);
    {
      std::lock_guard lock(mutex_);
      old = std::exchange(items_, std::move(*next_));  // entries stay where they are
      byUid_.swap(byUid);
      next_.reset();
      synced_ = true;
      error_.reset();
    }
    // Only this thread changes the items, so that it may read them without the lock.
    for (const auto& [key, item] : items_) {
      auto was = old.find(key);
      if (was == old.end()) {
        announce(key, nullptr, &item);
      } else if (!isSame(was->second, item.uid, item.resourceVersion)) {
        announce(key, &was->second, &item);
      }
    }
    for (const auto& [key, item] : old) {
      if (!items_.contains(key)) announce(key, &item, nullptr);
    }
    if (onSynced_) onSynced_();
  }

  void failed(const Error& error) override {
    std::lock_guard lock(mutex_);
    error_ = error;
  }

  void resumed() override {
    std::lock_guard lock(mutex_);
    error_.reset();
  }

 private:
  struct Item {
    std::string uid;
    std::string resourceVersion;
    Kept<T> kept;
  };
  // In the order of keys: that of lists, and a namespace is one range.
  using Items = std::map<std::string, Item>;
  using Entry = typename Items::value_type;

  // The entries by their uid, which is not kept a second time.
  struct UidHash {
    using is_transparent = void;
    size_t operator()(std::string_view uid) const { return std::hash<std::string_view>()(uid); }
    size_t operator()(const Entry* entry) const { return (*this)(entry->second.uid); }
  };
  struct SameUid {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const { return a->second.uid == b->second.uid; }
    bool operator()(std::string_view uid, const Entry* b) const { return uid == b->second.uid; }
    bool operator()(const Entry* a, std::string_view uid) const { return a->second.uid == uid; }
  };
  using ByUid = std::unordered_set<const Entry*, UidHash, SameUid>;

  static bool isSame(const Item& item, const std::string& uid, const std::string& version) {
    return item.uid == uid && item.resourceVersion == version && !version.empty();
  }
  // Before the entry's uid changes; a uid that two entries claim stays with the first of them.
  void unindex(const Entry& entry) {
    auto it = byUid_.find(&entry);
    if (it != byUid_.end() && *it == &entry) byUid_.erase(it);
  }
  static Ptr show(const Entry& entry) {
    const Item& item = entry.second;
    return item.kept.show(entry.first, item.uid, item.resourceVersion);
  }

  void announce(const std::string& key, const Item* old, const Item* now) {
    if (!onChange_) return;
    const auto shown = [&key](const Item* item) {
      return item ? item->kept.show(key, item->uid, item->resourceVersion) : nullptr;
    };
    const Ptr before = shown(old);
    const Ptr after = shown(now);
    if (old && now && old->uid != now->uid) {
      onChange_(key, before, nullptr);
      onChange_(key, nullptr, after);
      return;
    }
    onChange_(key, before, after);
  }

  void remove(const std::string& key) {
    Item old;
    {
      std::lock_guard lock(mutex_);
      auto it = items_.find(key);
      if (it == items_.end()) return;
      unindex(*it);
      old = std::move(it->second);
      items_.erase(it);
    }
    announce(key, &old, nullptr);
  }

  void reject(const Error& error) {
    {
      std::lock_guard lock(mutex_);
      ++rejected_;
    }
    log::warn("object skipped", {{"store", name_}, {"cause", error.message}});
  }

  const std::string name_;
  const Project project_;
  OnChange onChange_;
  OnSynced onSynced_;
  std::optional<Items> next_;  // I/O thread only: the list that is being built
  mutable std::mutex mutex_;
  Items items_;
  ByUid byUid_;
  bool synced_ = false;
  std::optional<Error> error_;
  uint64_t rejected_ = 0;
};

}  // namespace firebreak::kube
