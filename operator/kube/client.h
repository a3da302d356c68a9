// Client: blocking calls to the API server: get, list, create, patch, replace, delete, evict.
// Retries what is safe to retry (throttling, connection never made, idempotent verbs), reads the
// credentials again once after a 401. Error messages name verb, object, cause and next step; a
// 422's field causes are in the text; httpStatus and retryAfter are set. Thread-safe; holds no
// state but a reference to the transport. Never call it on the I/O thread. In a ReadScope what was
// read a moment ago is not asked for again.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "firebreak/result.h"
#include "kube/resource_types.h"
#include "kube/transport.h"

namespace firebreak::kube {

// Json: RFC 6902. Merge: RFC 7396. Strategic: Kubernetes' own. Apply: server-side apply.
enum class PatchKind { kJson, kMerge, kStrategic, kApply };

struct PatchOptions {
  std::string subresource;  // "status", "scale"
  std::string fieldManager = "firebreak";
  bool force = false;  // server-side apply only: take fields over from other managers
  Priority priority = Priority::kRemediation;
  bool dryRun = false;
};

struct Preconditions {
  std::string uid;
  std::string resourceVersion;
};

struct ListQuery {
  std::string labelSelector{};
  std::string fieldSelector{};
  bool metadataOnly = false;  // the API server leaves the rest out: no Secret's value comes along
};

struct ClientOptions {
  std::chrono::milliseconds timeout{10'000};  // of one attempt
  int attempts = 4;
  // A longer Retry-After is not waited for: the error carries it and the caller decides.
  std::chrono::milliseconds maxRetryDelay{10'000};
};

class Client {
 public:
  explicit Client(Transport& transport, ClientOptions options = {});

  Result<Json> get(const ResourceType& type, std::string_view ns, std::string_view name,
                   Priority priority = Priority::kRead);
  // One list object with every item: continue tokens are followed, an expired one starts again.
  Result<Json> list(const ResourceType& type, std::string_view ns, const ListQuery& query = {},
                    Priority priority = Priority::kRead);
  // The same, object by object as text, in pages small enough that no more than a few of them are in
  // memory: for what there may be thousands of. kGone where a continue token expired; what was
  // visited by then stays visited.
  Status visit(const ResourceType& type, std::string_view ns,
               const std::function<void(std::string_view objectJson)>& onItem,
               Priority priority = Priority::kRead);
  Result<Json> create(const ResourceType& type, std::string_view ns, const Json& body,
                      Priority priority = Priority::kRemediation);
  Result<Json> patch(const ResourceType& type, std::string_view ns, std::string_view name,
                     PatchKind kind, const Json& body, const PatchOptions& options = {});
  // PUT: body.metadata.resourceVersion decides whether it may win.
  Result<Json> replace(const ResourceType& type, std::string_view ns, std::string_view name,
                       const Json& body, Priority priority = Priority::kStatus);
  Status remove(const ResourceType& type, std::string_view ns, std::string_view name,
                const Preconditions& preconditions = {},
                Priority priority = Priority::kRemediation);
  // policy/v1 eviction. A PodDisruptionBudget's refusal is kTooManyRequests and is not retried
  // here.
  Status evict(std::string_view ns, std::string_view pod, const Preconditions& preconditions = {});
  // POST to a subresource: "token" of a service account, "eviction" of a pod.
  Result<Json> createSubresource(const ResourceType& type, std::string_view ns,
                                 std::string_view name, std::string_view subresource,
                                 const Json& body, Priority priority = Priority::kRemediation);
  // "/readyz", "/version", "/apis": the body as it came.
  Result<std::string> rawGet(std::string_view path);

 private:
  struct Call;
  static Call listCall(const ResourceType& type, std::string_view ns, int page, Priority priority);
  // By what the thread's ReadScope has kept, where there is one.
  Result<std::string> call(const Call& call);
  Result<std::string> send(const Call& call);
  Result<Json> callJson(const Call& call);

  Transport& transport_;
  ClientOptions options_;
};

}  // namespace firebreak::kube
