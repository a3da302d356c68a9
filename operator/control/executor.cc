#include "control/executor.h"

#include <algorithm>

#include "api/node_guard_json.h"
#include "base/json.h"
#include "base/time_format.h"
#include "control/rollout.h"
#include "remediate/drift.h"
#include "remediate/git_change.h"
#include "remediate/steps.h"

namespace firebreak::control {
namespace {

using remediate::Effect;
using remediate::ProofView;
using remediate::StepView;

const kube::ResourceType* typeOf(const ObjectRef& object) {
  return kube::findResourceType(object.apiVersion, object.kind);
}

tl::unexpected<Error> unknownKind(const Step& step) {
  return fail(ErrorCode::kInternal, "step " + step.name + ": no way to write a " +
                                        step.object.apiVersion + " " + step.object.kind);
}

// The list of orders with this one in it, or without it, where nobody else has changed it meanwhile.
Json orderPatch(const Json& guard, const Json& order, WallTime expiresAt, bool remove) {
  const std::string id = stringOr(member(order, "orderID"));
  Json orders = Json::array();
  for (const Json& other : member(guard, {"spec", "isolations"})) {
    if (stringOr(member(other, "orderID")) != id) orders.push_back(other);
  }
  if (!remove) {
    orders.push_back(order);
    orders.back()["expiresAt"] = formatTime(expiresAt);
  }
  const Json& meta = member(guard, "metadata");
  Json patch = Json::array();
  for (const char* field : {"uid", "generation"}) {
    patch.push_back({{"op", "test"},
                     {"path", std::string("/metadata/") + field},
                     {"value", member(meta, field)}});
  }
  const bool hasSpec = member(guard, "spec").is_object();
  patch.push_back({{"op", "add"},
                   {"path", hasSpec ? "/spec/isolations" : "/spec"},
                   {"value", hasSpec ? orders : Json{{"isolations", orders}}}});
  return patch;
}

// The object's managedFields know no other writer.
bool onlyWeWrote(const Json& object) {
  const Json& fields = member(object, {"metadata", "managedFields"});
  if (!fields.is_array() || fields.empty()) return false;
  return std::all_of(fields.begin(), fields.end(), [](const Json& entry) {
    return !member(entry, "subresource").is_null() ||
           stringOr(member(entry, "manager")) == remediate::kOurselves;
  });
}

}  // namespace

Executor::Executor(kube::Client& client, ExternalSteps& external, std::function<bool()> mayWrite)
    : client_(client), external_(external), mayWrite_(std::move(mayWrite)) {}

// Null where the object does not exist.
Result<Json> Executor::live(const Step& step) {
  const kube::ResourceType* type = typeOf(step.object);
  if (type == nullptr) return unknownKind(step);
  auto object = client_.get(*type, step.object.ns, step.object.name);
  if (!object && object.error().code != ErrorCode::kNotFound) return object;
  return object ? std::move(*object) : Json();
}

// Read live: an order seen through a cache that lags would be written twice. One that was withdrawn
// settles while the node's sensor still holds the pod: its labels must not go back before its network
// is whole again, or its controller would see a pod that is not Ready and delete it.
Result<StepView> Executor::observeOrder(const Step& step) {
  auto live = client_.get(kube::kNodeGuards, "", step.object.name);
  if (!live && live.error().code == ErrorCode::kNotFound) {
    return StepView{.effect = Effect::kGone,
                    .message = "node " + step.object.name + " has no NodeGuard"};
  }
  if (!live) return tl::unexpected(live.error());
  std::string id = stringOr(member(step.manifest, "orderID"));
  for (const Json& order : member(*live, {"spec", "isolations"})) {
    if (stringOr(member(order, "orderID")) == id) return StepView{.effect = Effect::kPresent};
  }
  StepView view;
  for (const Json& report : member(*live, {"status", "isolations"})) {
    std::string state = stringOr(member(report, "state"));
    bool holds = state == "Applied" || state == "Verified" || state == "Pending";
    view.settling = view.settling || (holds && stringOr(member(report, "orderID")) == id);
  }
  return view;
}

Result<StepView> Executor::observe(const Remediation& remediation, const Step& step) {
  if (step.type == PatchType::kExternal) return external_.observe(remediation, step);
  if (step.type == PatchType::kNodeOrder) return observeOrder(step);
  auto object = live(step);
  if (!object) return tl::unexpected(object.error());
  StepView view;
  view.effect = remediate::observeStep(step, *object);
  view.writer = object->is_null() ? "somebody" : remediate::lastWriter(*object);
  if (onlyWeWrote(*object)) view.writer = remediate::kOurselves;
  view.gitMarks = remediate::gitMarks(*object);
  if (view.effect == Effect::kForeign) {
    view.message = view.writer;
    view.ours = step.type == PatchType::kCreate && remediate::isOurs(step, *object);
  }
  if (view.effect == Effect::kGone) view.message = describe(step.object) + " is gone";
  return view;
}

// Many Remediations write orders into one NodeGuard, whose status the sensor writes all the time: only the
// generation, which the status does not move, says that another order came in between.
Status Executor::writeOrder(const Step& step, WallTime expiresAt, bool remove) {
  constexpr int kTries = 4;
  std::lock_guard lock(orders_);
  for (int attempt = 1;; ++attempt) {
    auto live = client_.get(kube::kNodeGuards, "", step.object.name);
    if (!live) return tl::unexpected(live.error());
    auto written = client_.patch(kube::kNodeGuards, "", step.object.name, kube::PatchKind::kJson,
                                 orderPatch(*live, step.manifest, expiresAt, remove));
    if (written) return {};
    const bool changed = written.error().code == ErrorCode::kConflict ||
                         written.error().code == ErrorCode::kInvalid;
    if (!changed || attempt == kTries) return tl::unexpected(written.error());
  }
}

// What exists already is ours from before, or somebody's who took the name: only ours is put right.
Status Executor::create(const Step& step, const kube::ResourceType& type) {
  auto created = client_.create(type, step.object.ns, step.manifest);
  if (created) return {};
  if (created.error().code != ErrorCode::kAlreadyExists) return tl::unexpected(created.error());
  auto object = live(step);
  if (!object) return tl::unexpected(object.error());
  if (object->is_null() || !remediate::isOurs(step, *object) ||
      remediate::observeStep(step, *object) != Effect::kForeign) {
    return {};
  }
  Json patch = Json::array();
  patch.push_back({{"op", "test"},
                   {"path", "/metadata/uid"},
                   {"value", member(*object, {"metadata", "uid"})}});
  patch.push_back({{"op", "replace"}, {"path", "/spec"}, {"value", member(step.manifest, "spec")}});
  auto patched =
      client_.patch(type, step.object.ns, step.object.name, kube::PatchKind::kJson, patch);
  if (!patched) return tl::unexpected(patched.error());
  return {};
}

Status Executor::apply(const Remediation& remediation, const Step& step, WallTime expiresAt) {
  if (!mayWrite_()) return fail(ErrorCode::kUnavailable, "this replica does not lead any more");
  if (step.type == PatchType::kExternal) return external_.apply(remediation, step);
  if (step.type == PatchType::kNodeOrder) return writeOrder(step, expiresAt, false);
  const kube::ResourceType* type = typeOf(step.object);
  if (type == nullptr) return unknownKind(step);
  if (step.type == PatchType::kDelete) {
    return client_.remove(*type, step.object.ns, step.object.name, {step.object.uid, ""});
  }
  if (step.type == PatchType::kCreate) return create(step, *type);
  auto body = parseJson(patchText(step), step.name);
  if (!body) return tl::unexpected(body.error());
  auto patched =
      client_.patch(*type, step.object.ns, step.object.name, kube::PatchKind::kJson, *body);
  if (!patched) return tl::unexpected(patched.error());
  return {};
}

Status Executor::undo(const Remediation& remediation, const Step& step) {
  if (!mayWrite_()) return fail(ErrorCode::kUnavailable, "this replica does not lead any more");
  if (step.type == PatchType::kExternal) return external_.undo(remediation, step);
  if (step.type == PatchType::kNodeOrder) return writeOrder(step, {}, true);
  const kube::ResourceType* type = typeOf(step.object);
  if (type == nullptr) return unknownKind(step);
  if (step.type == PatchType::kDelete) return {};  // irreversible; said so in the plan
  if (step.type == PatchType::kCreate) {
    auto object = live(step);
    if (!object) return tl::unexpected(object.error());
    if (object->is_null()) return {};
    return client_.remove(*type, step.object.ns, step.object.name,
                          {stringOr(member(*object, {"metadata", "uid"})), ""});
  }
  auto body = parseJson(undoText(step), step.name);
  if (!body) return tl::unexpected(body.error());
  auto patched =
      client_.patch(*type, step.object.ns, step.object.name, kube::PatchKind::kJson, *body);
  if (!patched) return tl::unexpected(patched.error());
  return {};
}

ProofView Executor::prove(const Remediation& remediation, const Step& step, WallTime now) {
  using Verdict = ProofView::Verdict;
  if (step.proof == Proof::kRolledOut) {
    auto object = live(step);
    if (!object) return {Verdict::kUnknown, "CannotRead", object.error().message};
    if (object->is_null()) return {Verdict::kFalse, "Gone", describe(step.object) + " is gone"};
    WallTime applied{};
    for (const StepRecord& record : remediation.status.steps) {
      if (record.name == step.name) applied = record.time;
    }
    switch (judgeRollout(*object, applied, now)) {
      case Rollout::kStuck:
        return {Verdict::kFalse, remediate::kRolloutFailed,
                describe(step.object) + " did not become ready, and stay so, within its progressDeadlineSeconds"};
      case Rollout::kRolling:
        return {Verdict::kFalse, "RollingOut", describe(step.object) + " is still rolling out"};
      case Rollout::kSettling:
        return {Verdict::kFalse, "RollingOut",
                describe(step.object) + " is ready, and has to stay so for " + std::to_string(kSettle.count()) + " s"};
      case Rollout::kDone:
        return {Verdict::kTrue, "RolledOut", "all replicas of " + describe(step.object) + " are ready"};
    }
  }
  auto view = observe(remediation, step);
  if (!view) return {Verdict::kUnknown, "CannotRead", view.error().message};
  if (view->effect != Effect::kPresent) {
    return {Verdict::kFalse, "Undone", step.name + " does not hold: " + view->message};
  }
  return {Verdict::kTrue, "Holds", ""};
}

Step stepFromImage(const Remediation& remediation, const StepRecord& record,
                   const remediate::BeforeImage& image) {
  Step step;
  step.name = record.name;
  step.type = image.type;
  step.object = image.object;
  step.edits = image.edits;
  step.manifest = image.manifest;
  if (step.manifest.is_null()) {
    step.manifest = {
        {"metadata", {{"annotations", {{"firebreak.dev/remediation", remediation.name}}}}}};
  }
  return step;
}

}  // namespace firebreak::control
