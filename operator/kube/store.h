// Store<T>: the projections of the objects that one Reflector sees, by "ns/name" (or "name").
// A new list is built beside the old one and swapped in when it is complete, so that readers never
// see half of one; objects that did not change keep their projection. What is gone after a list is
// found by comparing keys. A new uid under an old key is a deletion and an addition. What is older
// than what is held is left out: a key never goes back.
// Written by the I/O thread through WatchSink; every other method may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "kube/object_identity.h"
#include "kube/resource_version.h"
#include "kube/watch.h"

namespace firebreak::kube {

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
    return it == items_.end() ? nullptr : it->second.value;
  }
  std::vector<Ptr> snapshot() const {
    std::vector<Ptr> all;
    std::lock_guard lock(mutex_);
    all.reserve(items_.size());
    for (const auto& [key, item] : items_) all.push_back(item.value);
    return all;
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
    Item old;
    {
      std::lock_guard lock(mutex_);
      error_.reset();
      auto it = items_.find(key);
      if (it != items_.end()) old = it->second;
    }
    if (!initial && isOlder(identity->resourceVersion, old.resourceVersion)) return;
    if (initial && next_) {
      auto listed = next_->find(key);
      if (listed != next_->end() &&
          isOlder(identity->resourceVersion, listed->second.resourceVersion)) {
        return;
      }
    }
    const bool same = old.value && old.uid == identity->uid &&
                      old.resourceVersion == identity->resourceVersion &&
                      !identity->resourceVersion.empty();
    if (same && !initial) return;  // a duplicate event
    Item now{identity->uid, identity->resourceVersion, old.value};
    if (!same) {
      auto projected = project_(objectJson);
      if (!projected) {
        reject(projected.error());
        // Whatever it is now, what it replaced is gone.
        if (!initial && old.value && old.uid != identity->uid) remove(key);
        return;
      }
      now.value = std::make_shared<const T>(std::move(*projected));
    }
    if (initial && next_) {
      (*next_)[key] = std::move(now);
      return;
    }
    {
      std::lock_guard lock(mutex_);
      items_[key] = now;
    }
    announce(key, old, now);
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
    std::vector<std::pair<std::string, Item>> now;
    {
      std::lock_guard lock(mutex_);
      old = std::exchange(items_, std::move(*next_));
      next_.reset();
      synced_ = true;
      error_.reset();
      for (const auto& [key, item] : items_) {
        auto was = old.find(key);
        if (was == old.end() || was->second.value != item.value) now.emplace_back(key, item);
      }
      std::erase_if(old, [this](const auto& entry) {
        auto is = items_.find(entry.first);
        return is != items_.end() && is->second.value == entry.second.value;
      });
    }
    for (auto& [key, item] : now) {
      auto was = old.find(key);
      Item before;
      if (was != old.end()) {
        before = std::move(was->second);
        old.erase(was);
      }
      announce(key, before, item);
    }
    for (auto& [key, item] : old) announce(key, item, Item{});
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
    Ptr value;
  };
  using Items = std::unordered_map<std::string, Item>;

  void announce(const std::string& key, const Item& old, const Item& now) {
    if (!onChange_) return;
    if (old.value && now.value && old.uid != now.uid) {
      onChange_(key, old.value, nullptr);
      onChange_(key, nullptr, now.value);
      return;
    }
    if (old.value != now.value) onChange_(key, old.value, now.value);
  }

  void remove(const std::string& key) {
    Item old;
    {
      std::lock_guard lock(mutex_);
      auto it = items_.find(key);
      if (it == items_.end()) return;
      old = std::move(it->second);
      items_.erase(it);
    }
    announce(key, old, Item{});
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
  bool synced_ = false;
  std::optional<Error> error_;
  uint64_t rejected_ = 0;
};

}  // namespace firebreak::kube
