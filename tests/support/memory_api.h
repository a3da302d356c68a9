// MemoryApi: the objects of an API server in memory, behind FakeTransport: get, list, create, the two
// JSON patches, delete, status as a subresource, versions, generations, uid preconditions and
// finalizers. Single thread. No watches: whoever wants to follow gives a listener.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time_format.h"
#include "firebreak/clock.h"
#include "support/fake_transport.h"

namespace firebreak {

class MemoryApi {
 public:
  // (plural, object, deleted) after each change.
  using Listener = std::function<void(const std::string&, const Json&, bool)>;
  // An answer instead of the real one; `done` says whether the write happens all the same.
  struct Fault {
    int status = 0;  // 0 = none
    bool done = false;
  };

  explicit MemoryApi(Clock& clock) : clock_(clock) {
    transport.onSend([this](const kube::HttpRequest& request) { return answer(request); });
  }

  FakeTransport transport;
  Listener listener;
  std::function<Fault(const std::string& write)> fault;
  std::function<int(const std::string& path)> unreadable;  // the status that a GET gets instead; 0 = none
  std::vector<std::string> writes;  // "PATCH /api/v1/namespaces/shop/pods/web"

  // As somebody else does it: not among `writes`.
  void put(const std::string& path, Json object) {
    Json& known = objects_[path];
    bool fresh = known.is_null();
    stamp(path, object, fresh ? Json() : known);
    known = object;
    tell(path, known, false);
  }
  void change(const std::string& path, const std::function<void(Json&)>& edit) {
    Json object = objects_.at(path);
    edit(object);
    put(path, std::move(object));
  }
  void erase(const std::string& path) {
    Json object = objects_.at(path);
    remove(path, object);
  }
  const Json* find(const std::string& path) const {
    auto found = objects_.find(path);
    return found == objects_.end() ? nullptr : &found->second;
  }
  std::vector<Json> below(const std::string& prefix) const {
    std::vector<Json> all;
    for (const auto& [path, object] : objects_) {
      if (path.starts_with(prefix + "/")) all.push_back(object);
    }
    return all;
  }

 private:
  static kube::TransportResult refuse(int status, const std::string& reason) {
    return respond(status, dumpJson({{"kind", "Status"},
                                     {"code", status},
                                     {"reason", reason},
                                     {"message", reason}}));
  }

  // "/apis/apps/v1/namespaces/shop/deployments/web" -> "deployments"
  static std::string pluralOf(const std::string& path) {
    size_t end = path.rfind('/');
    size_t begin = path.rfind('/', end - 1);
    return path.substr(begin + 1, end - begin - 1);
  }

  void stamp(const std::string& path, Json& object, const Json& old) {
    Json& meta = object["metadata"];
    meta["name"] = path.substr(path.rfind('/') + 1);
    meta["resourceVersion"] = std::to_string(++version_);
    if (old.is_null()) {
      if (!meta.contains("uid")) meta["uid"] = "uid-" + std::to_string(version_);
      meta["generation"] = 1;
      meta["creationTimestamp"] = formatTime(clock_.wall());
      return;
    }
    meta["uid"] = old["metadata"]["uid"];
    int64_t generation = intOr(member(old, {"metadata", "generation"}), 1);
    meta["generation"] = member(object, "spec") == member(old, "spec") ? generation : generation + 1;
  }

  void tell(const std::string& path, const Json& object, bool deleted) {
    if (listener) listener(pluralOf(path), object, deleted);
  }

  void remove(const std::string& path, Json object) {
    if (!member(object, {"metadata", "finalizers"}).empty()) {
      object["metadata"]["deletionTimestamp"] = formatTime(clock_.wall());
      object["metadata"]["resourceVersion"] = std::to_string(++version_);
      objects_[path] = object;
      return tell(path, object, false);
    }
    objects_.erase(path);
    tell(path, object, true);
  }

  kube::TransportResult answer(const kube::HttpRequest& request) {
    const std::string path = request.path.substr(0, request.path.find('?'));
    if (request.method == "GET") {
      const int status = unreadable ? unreadable(path) : 0;
      return status != 0 ? refuse(status, "Injected") : read(path);
    }
    writes.push_back(request.method + " " + path);
    Fault wrong = fault ? fault(writes.back()) : Fault{};
    if (wrong.status != 0 && !wrong.done) return refuse(wrong.status, "Injected");
    kube::TransportResult result = write(request, path);
    return wrong.status != 0 ? refuse(wrong.status, "Injected") : result;
  }

  kube::TransportResult read(const std::string& path) const {
    if (const Json* object = find(path)) return respond(200, dumpJson(*object));
    if (isCollection(path)) {
      Json items = Json::array();
      for (const Json& object : below(path)) items.push_back(object);
      return respond(200, dumpJson({{"kind", "List"},
                                    {"metadata", {{"resourceVersion", "1"}}},
                                    {"items", items}}));
    }
    return refuse(404, "NotFound");
  }

  // Core paths begin with /api/v1 (2 parts), all others with /apis/group/version (3).
  static bool isCollection(const std::string& path) {
    auto parts = std::count(path.begin(), path.end(), '/') - (path.starts_with("/api/") ? 2 : 3);
    bool namespaced = path.find("/namespaces/") != std::string::npos && parts > 2;
    return namespaced ? parts == 3 : parts == 1;
  }

  kube::TransportResult write(const kube::HttpRequest& request, const std::string& path) {
    Json body = request.body.empty() ? Json() : Json::parse(request.body);
    if (request.method == "POST") {
      std::string whole = path + "/" + stringOr(member(body, {"metadata", "name"}));
      if (objects_.contains(whole)) return refuse(409, "AlreadyExists");
      stamp(whole, body, Json());
      objects_[whole] = body;
      tell(whole, body, false);
      return respond(201, dumpJson(body));
    }
    bool status = path.ends_with("/status");
    const std::string object = status ? path.substr(0, path.size() - 7) : path;
    if (!objects_.contains(object)) return refuse(404, "NotFound");
    if (request.method == "DELETE") return drop(object, body);
    return patch(object, status, body, request.contentType);
  }

  kube::TransportResult drop(const std::string& path, const Json& options) {
    Json object = objects_[path];
    for (const char* field : {"uid", "resourceVersion"}) {
      const Json& wanted = member(options, {"preconditions", field});
      if (!wanted.is_null() && wanted != object["metadata"][field]) return refuse(409, "Conflict");
    }
    remove(path, object);
    return respond(200, "{}");
  }

  kube::TransportResult patch(const std::string& path, bool status, const Json& body,
                              const std::string& type) {
    const Json old = objects_[path];
    Json now = old;
    try {
      if (type == "application/json-patch+json") {
        now = old.patch(body);
      } else {
        now.merge_patch(body);
      }
    } catch (const Json::exception& failed) {
      return refuse(422, failed.what());
    }
    for (const char* field : {"uid", "resourceVersion"}) {
      if (now["metadata"][field] != old["metadata"][field]) return refuse(409, "Conflict");
    }
    // Each half leaves the other alone.
    if (status) {
      Json kept = member(now, "status");
      now = old;
      now["status"] = kept;
    } else if (old.contains("status")) {
      now["status"] = old["status"];
    }
    stamp(path, now, old);
    objects_[path] = now;
    bool gone = !member(now, {"metadata", "deletionTimestamp"}).is_null() &&
                member(now, {"metadata", "finalizers"}).empty();
    if (gone) objects_.erase(path);
    tell(path, now, gone);
    return respond(200, dumpJson(now));
  }

  Clock& clock_;
  std::map<std::string, Json> objects_;
  int64_t version_ = 100;
};

}  // namespace firebreak
