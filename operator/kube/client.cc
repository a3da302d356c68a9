#include "kube/client.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "kube/api_status.h"
#include "kube/list_page.h"
#include "kube/read_scope.h"
#include "kube/rendezvous.h"
#include "kube/retry_policy.h"

namespace firebreak::kube {
namespace {

constexpr int kListPage = 500;
constexpr int kVisitPage = 50;  // of pods with all that is in them: half a megabyte

const char* contentTypeOf(PatchKind kind) {
  switch (kind) {
    case PatchKind::kJson:
      return "application/json-patch+json";
    case PatchKind::kMerge:
      return "application/merge-patch+json";
    case PatchKind::kStrategic:
      return "application/strategic-merge-patch+json";
    case PatchKind::kApply:
      return "application/apply-patch+yaml";
  }
  return "";
}

// The API server compares the `test` of a JSON patch as text, against text in which Go escaped these.
std::string escapedAsGoDoes(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (char c : json) {
    switch (c) {  // inside strings only: nothing else in JSON holds them
      case '<':
        text += "\\u003c";
        break;
      case '>':
        text += "\\u003e";
        break;
      case '&':
        text += "\\u0026";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::string describeTarget(const ResourceType& type, std::string_view ns, std::string_view name) {
  std::string text(type.kind);
  if (name.empty()) return ns.empty() ? text : text + " in " + std::string(ns);
  text += ' ';
  if (type.namespaced && !ns.empty()) text += std::string(ns) + "/";
  return text + std::string(name);
}

Json preconditionsJson(const Preconditions& preconditions) {
  Json out = Json::object();
  if (!preconditions.uid.empty()) out["uid"] = preconditions.uid;
  if (!preconditions.resourceVersion.empty()) {
    out["resourceVersion"] = preconditions.resourceVersion;
  }
  return out;
}

Error shuttingDown(const std::string& what) {
  return Error{ErrorCode::kUnavailable, what + ": the client is shutting down", 0, {}};
}

}  // namespace

struct Client::Call {
  std::string what;  // verb and object, for messages
  std::string method = "GET";
  std::string path;
  std::string body;
  std::string contentType = "application/json";
  std::string accept = "application/json";
  Priority priority = Priority::kRead;
  Repeat repeat = Repeat::kAlways;
  bool mayBeKept = false;  // by the thread's ReadScope
};

Client::Client(Transport& transport, ClientOptions options)
    : transport_(transport), options_(options) {}

Result<std::string> Client::call(const Call& call) {
  ReadScope* scope = ReadScope::current();
  if (scope == nullptr) return send(call);
  if (call.method != "GET") {
    auto answer = send(call);
    scope->written(call.path);
    return answer;
  }
  if (!call.mayBeKept) return send(call);
  if (auto kept = scope->find(call.accept, call.path)) return std::move(*kept);
  auto answer = send(call);
  scope->keep(call.accept, call.path, answer);
  return answer;
}

Result<std::string> Client::send(const Call& call) {
  // It would wait for itself for ever.
  if (transport_.onIoThread()) std::abort();
  bool renewed = false;
  for (int attempt = 1;; ++attempt) {
    HttpRequest request;
    request.method = call.method;
    request.path = call.path;
    request.body = call.body;
    request.contentType = call.contentType;
    request.accept = call.accept;
    request.priority = call.priority;
    request.timeout = options_.timeout;
    Rendezvous<TransportResult> answer;
    transport_.send(std::move(request), [giver = answer.giver()](TransportResult result) {
      giver->give(std::move(result));
    });
    std::optional<TransportResult> result = answer.wait();
    if (!result) return tl::unexpected(shuttingDown(call.what));

    FailedAttempt failed;
    Error error;
    if (*result) {
      HttpResponse& response = **result;
      if (response.status >= 200 && response.status < 300) return std::move(response.body);
      const ApiStatus status = parseApiStatus(response.body, response.status, response.retryAfter);
      failed.httpStatus = response.status;
      failed.retryAfter = status.retryAfter;
      failed.disruptionBudget = status.hasCause("DisruptionBudget");
      error = toError(status, call.what);
    } else {
      failed.sent = result->error().sent;
      error = result->error().error;
      error.message = call.what + ": " + error.message;
    }
    if (failed.httpStatus == 401 && !renewed) {
      renewed = true;
      Rendezvous<bool> done;
      transport_.renewCredentials([giver = done.giver()] { giver->give(true); });
      if (!done.wait()) return tl::unexpected(shuttingDown(call.what));
      continue;
    }
    const auto delay = retryDelay(failed, call.repeat, attempt, options_);
    if (!delay) return tl::unexpected(std::move(error));
    Rendezvous<bool> waited;
    transport_.schedule(*delay, [giver = waited.giver()] { giver->give(true); });
    if (!waited.wait()) return tl::unexpected(std::move(error));
  }
}

Result<Json> Client::callJson(const Call& request) {
  auto body = call(request);
  if (!body) return tl::unexpected(body.error());
  auto json = parseJson(*body, "answer");
  if (json) return json;
  return fail(ErrorCode::kUnavailable,
              request.what + ": the answer is no JSON; is there a proxy before the API server?");
}

Result<Json> Client::get(const ResourceType& type, std::string_view ns, std::string_view name,
                         Priority priority) {
  Call call;
  call.what = "get " + describeTarget(type, ns, name);
  call.path = pathOf(type, ns, name);
  call.priority = priority;
  call.mayBeKept = type.plural != kSecrets.plural;
  return callJson(call);
}

Client::Call Client::listCall(const ResourceType& type, std::string_view ns, int page,
                              Priority priority) {
  Call call;
  call.what = "list " + describeTarget(type, ns, "");
  call.path = pathOf(type, ns) + "?limit=" + std::to_string(page);
  call.priority = priority;
  return call;
}

Status Client::visit(const ResourceType& type, std::string_view ns,
                     const std::function<void(std::string_view)>& onItem, Priority priority) {
  Call call = listCall(type, ns, kVisitPage, priority);
  const std::string base = call.path;
  PaddedJson space;
  for (;;) {
    auto body = this->call(call);
    if (!body) return tl::unexpected(body.error());
    auto page = readListPage(space, *body, onItem);
    if (!page) return fail(page.error().code, call.what + ": " + page.error().message);
    if (page->continueToken.empty()) return {};
    call.path = base + "&continue=" + urlEncode(page->continueToken);
  }
}

Result<Json> Client::list(const ResourceType& type, std::string_view ns, const ListQuery& query,
                          Priority priority) {
  Call call = listCall(type, ns, kListPage, priority);
  call.mayBeKept = query.metadataOnly || type.plural != kSecrets.plural;
  if (query.metadataOnly) {
    call.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  }
  if (!query.labelSelector.empty()) call.path += "&labelSelector=" + urlEncode(query.labelSelector);
  if (!query.fieldSelector.empty()) call.path += "&fieldSelector=" + urlEncode(query.fieldSelector);
  const std::string base = call.path;
  Json items = Json::array();
  bool restarted = false;
  for (;;) {
    auto page = callJson(call);
    if (!page) {
      // The snapshot that the continue token names is gone: once more from the front.
      if (page.error().code != ErrorCode::kGone || restarted) return page;
      restarted = true;
      items = Json::array();
      call.path = base;
      continue;
    }
    if (page->contains("items") && (*page)["items"].is_array()) {
      for (Json& item : (*page)["items"]) items.push_back(std::move(item));
    }
    const std::string next = stringOr(member(*page, {"metadata", "continue"}));
    if (next.empty()) {
      (*page)["items"] = std::move(items);
      return page;
    }
    call.path = base + "&continue=" + urlEncode(next);
  }
}

Result<Json> Client::create(const ResourceType& type, std::string_view ns, const Json& body,
                            Priority priority) {
  Call call;
  call.what = "create " + describeTarget(type, ns, stringOr(member(body, {"metadata", "name"})));
  call.method = "POST";
  call.path = pathOf(type, ns) + "?fieldManager=firebreak";
  call.body = dumpJson(body);
  call.priority = priority;
  // Under a name of its own a second one is a conflict, and the caller reads, as after any conflict.
  const bool named = !stringOr(member(body, {"metadata", "name"})).empty();
  call.repeat = named ? Repeat::kSafe : Repeat::kNever;
  return callJson(call);
}

Result<Json> Client::patch(const ResourceType& type, std::string_view ns, std::string_view name,
                           PatchKind kind, const Json& body, const PatchOptions& options) {
  Call call;
  const bool apply = kind == PatchKind::kApply;
  call.what = std::string(apply ? "apply " : "patch ") + describeTarget(type, ns, name);
  if (!options.subresource.empty()) call.what += "/" + options.subresource;
  call.method = "PATCH";
  call.path = pathOf(type, ns, name);
  if (!options.subresource.empty()) call.path += "/" + options.subresource;
  call.path += "?fieldManager=" + urlEncode(options.fieldManager);
  if (apply && options.force) call.path += "&force=true";
  if (options.dryRun) call.path += "&dryRun=All";
  call.body = kind == PatchKind::kJson ? escapedAsGoDoes(dumpJson(body)) : dumpJson(body);
  call.contentType = contentTypeOf(kind);
  call.priority = options.priority;
  // A JSON patch that was carried out fails its own `test` the second time.
  call.repeat = kind == PatchKind::kJson ? Repeat::kNever : Repeat::kSafe;
  return callJson(call);
}

Result<Json> Client::replace(const ResourceType& type, std::string_view ns, std::string_view name,
                             const Json& body, Priority priority) {
  Call call;
  call.what = "replace " + describeTarget(type, ns, name);
  call.method = "PUT";
  call.path = pathOf(type, ns, name) + "?fieldManager=firebreak";
  call.body = dumpJson(body);
  call.priority = priority;
  // Done twice it is a conflict, and the caller reads again, as after any conflict.
  call.repeat = Repeat::kSafe;
  return callJson(call);
}

Status Client::remove(const ResourceType& type, std::string_view ns, std::string_view name,
                      const Preconditions& preconditions, Priority priority) {
  Call request;
  request.what = "delete " + describeTarget(type, ns, name);
  request.method = "DELETE";
  request.path = pathOf(type, ns, name);
  request.priority = priority;
  // Without a uid the second attempt could hit a successor of the same name.
  request.repeat = preconditions.uid.empty() ? Repeat::kNever : Repeat::kSafe;
  Json body = {
      {"kind", "DeleteOptions"}, {"apiVersion", "v1"}, {"propagationPolicy", "Background"}};
  if (Json wanted = preconditionsJson(preconditions); !wanted.empty()) {
    body["preconditions"] = std::move(wanted);
  }
  request.body = dumpJson(body);
  auto answer = call(request);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<Json> Client::createSubresource(const ResourceType& type, std::string_view ns,
                                       std::string_view name, std::string_view subresource,
                                       const Json& body, Priority priority) {
  Call call;
  call.what = "create " + std::string(subresource) + " of " + describeTarget(type, ns, name);
  call.method = "POST";
  call.path = pathOf(type, ns, name) + "/" + std::string(subresource) + "?fieldManager=firebreak";
  call.body = dumpJson(body);
  call.priority = priority;
  call.repeat = Repeat::kNever;
  return callJson(call);
}

Status Client::evict(std::string_view ns, std::string_view pod,
                     const Preconditions& preconditions) {
  Json body = {{"apiVersion", "policy/v1"},
               {"kind", "Eviction"},
               {"metadata", {{"name", std::string(pod)}, {"namespace", std::string(ns)}}}};
  if (Json wanted = preconditionsJson(preconditions); !wanted.empty()) {
    body["deleteOptions"] = {{"preconditions", std::move(wanted)}};
  }
  auto answer = createSubresource(kPods, ns, pod, "eviction", body);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<std::string> Client::rawGet(std::string_view path) {
  Call request;
  request.what = "get " + std::string(path);
  request.path = path;
  request.accept = "*/*";
  return call(request);
}

}  // namespace firebreak::kube
