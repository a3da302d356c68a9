#include "remediate/rotate/staged_steps.h"

#include <utility>

namespace firebreak::rotate {
namespace {

using Effect = Observation::Effect;

std::string nameOf(const Rotation& rotation) {
  return "Secret " + rotation.ns + "/" + rotation.secret;
}

SecretPrecondition preconditionOf(const StoredSecret& secret) {
  return {secret.meta.uid, secret.meta.resourceVersion};
}

std::string changedText(const Rotation& rotation) {
  return "somebody else (" + nameOf(rotation) + " holds neither the previous nor the staged value)";
}

tl::unexpected<Error> changedSince(const Rotation& rotation) {
  return fail(ErrorCode::kConflict, nameOf(rotation) + " was changed by " + changedText(rotation) +
                                        "; nothing is forced");
}

Observation foreign(std::string who) { return {Effect::kForeign, std::move(who)}; }

Observation foreignStagingSeen(const Rotation& rotation) {
  return foreign("somebody else (Secret " + rotation.ns + "/" + rotation.staging +
                 " is not this rotation's)");
}

Status removeStaging(const Rotation& rotation, const StagedWorld& world, RotationContext& context) {
  Status removed =
      context.secrets.remove(rotation.ns, rotation.staging, preconditionOf(*world.staging));
  if (!removed && removed.error().code == ErrorCode::kNotFound) return {};
  return removed;
}

}  // namespace

Result<StagedWorld> look(const Rotation& rotation, RotationContext& context) {
  auto secret = context.secrets.get(rotation.ns, rotation.secret);
  if (!secret) return tl::unexpected(secret.error());
  if (secret->meta.uid != rotation.secretUid) {
    return fail(ErrorCode::kConflict, nameOf(rotation) + " was made anew since the plan");
  }
  StagedWorld world{std::move(*secret), std::nullopt};
  auto staging = context.secrets.get(rotation.ns, rotation.staging);
  if (staging) {
    world.staging = std::move(*staging);
  } else if (staging.error().code != ErrorCode::kNotFound) {
    return tl::unexpected(staging.error());
  }
  return world;
}

tl::unexpected<Error> foreignStaging(const Rotation& rotation) {
  return fail(ErrorCode::kConflict, "Secret " + rotation.ns + "/" + rotation.staging +
                                        " exists and is not this rotation's: look at it and "
                                        "delete it if nobody needs it");
}

std::string givenUpText(const Rotation& rotation) {
  return "the previous value of " + nameOf(rotation) + " was given up when its time was over";
}

Result<std::optional<StagedWorld>> lookStaged(const Rotation& rotation, RotationContext& context) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!world->staging) return std::optional<StagedWorld>();
  if (!isOurs(*world->staging, rotation)) return foreignStaging(rotation);
  return std::optional<StagedWorld>(std::move(*world));
}

// --- stage -----------------------------------------------------------------------------------

Status stageValues(const Rotation& rotation, RotationContext& context, const NextValues& next) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (world->staging) {
    if (!isOurs(*world->staging, rotation)) return foreignStaging(rotation);
    Holds holds = compare(world->secret, *world->staging, rotation, context.random);
    return holds == Holds::kNeither ? Status(changedSince(rotation)) : Status();
  }
  Mark mark = markOf(world->secret, rotation);
  if (mark == Mark::kWritten) return {};  // done to its end
  if (mark == Mark::kRolledBack) {
    return fail(ErrorCode::kConflict, "this rotation of " + nameOf(rotation) + " was rolled back");
  }
  if (world->secret.immutable) {
    return fail(ErrorCode::kConflict, nameOf(rotation) + " became immutable since the plan");
  }
  StoredSecret staging;
  staging.meta.ns = rotation.ns;
  staging.meta.name = rotation.staging;
  staging.meta.labels = {{"app.kubernetes.io/managed-by", "firebreak"},
                         {std::string(kStagingLabel), "true"}};
  staging.meta.annotations = {{std::string(kRemediationAnnotation), rotation.remediation},
                              {std::string(kRotationAnnotation), rotation.id}};
  staging.owner = {"v1", "Secret", rotation.ns, rotation.secret, rotation.secretUid};
  for (const std::string& key : rotation.keys) {
    auto old = world->secret.data.find(key);
    if (old == world->secret.data.end()) {
      return fail(ErrorCode::kConflict, nameOf(rotation) + " has no key " + key + " any more");
    }
    staging.data.emplace(previousKey(key), old->second);
  }
  auto values = next(world->secret);
  if (!values) return tl::unexpected(values.error());
  for (auto& [key, value] : values->values) staging.data.emplace(nextKey(key), std::move(value));
  staging.meta.annotations.merge(values->annotations);
  auto created = context.secrets.create(staging);
  if (created) return {};
  if (created.error().code != ErrorCode::kAlreadyExists) return tl::unexpected(created.error());
  // A call of ours whose answer was lost, or somebody else's object: the next look tells.
  auto existing = context.secrets.get(rotation.ns, rotation.staging);
  if (!existing) return tl::unexpected(existing.error());
  return isOurs(*existing, rotation) ? Status() : Status(foreignStaging(rotation));
}

Result<Observation> observeStage(const Rotation& rotation, RotationContext& context) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!world->staging) {
    if (markOf(world->secret, rotation) != Mark::kWritten) return Observation{};
    return Observation{Effect::kPresent, givenUpText(rotation)};
  }
  if (!isOurs(*world->staging, rotation)) return foreignStagingSeen(rotation);
  switch (compare(world->secret, *world->staging, rotation, context.random)) {
    case Holds::kNeither:
      return foreign(changedText(rotation));
    case Holds::kNext:
      return Observation{Effect::kPresent, nameOf(rotation) +
                                               " holds the new value; the previous one is kept "
                                               "nowhere else"};
    case Holds::kPrevious:
      break;
  }
  return Observation{Effect::kPresent, ""};
}

// Takes the staging Secret away, but not while the Secret holds `unless`: `why` says what then.
Status dropStaging(const Rotation& rotation, RotationContext& context, Holds unless,
                   std::string_view why) {
  auto seen = lookStaged(rotation, context);
  if (!seen) return tl::unexpected(seen.error());
  if (!*seen) return {};
  const StagedWorld& world = **seen;
  if (compare(world.secret, *world.staging, rotation, context.random) == unless) {
    return fail(ErrorCode::kConflict, nameOf(rotation) + std::string(why));
  }
  return removeStaging(rotation, world, context);
}

Status undoStage(const Rotation& rotation, RotationContext& context) {
  return dropStaging(rotation, context, Holds::kNext,
                     " holds the new value: put the previous one back first, it is kept nowhere "
                     "else");
}

// --- write -----------------------------------------------------------------------------------

namespace {

// Moves the Secret from one staged value to the other, and nothing else.
Status move(const Rotation& rotation, RotationContext& context, Holds from, Holds to) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!world->staging) {
    if (to == Holds::kNext && markOf(world->secret, rotation) == Mark::kWritten) return {};
    // Forwards the plan is made anew; backwards there is nothing to go back to.
    return to == Holds::kNext
               ? fail(ErrorCode::kConflict, "no staged value for " + nameOf(rotation))
               : fail(ErrorCode::kInvalid, givenUpText(rotation));
  }
  if (!isOurs(*world->staging, rotation)) return foreignStaging(rotation);
  Holds now = compare(world->secret, *world->staging, rotation, context.random);
  if (now == to) return {};
  if (now != from) return changedSince(rotation);
  std::map<std::string, SecretValue> values;
  for (const std::string& key : rotation.keys) {
    auto staged = world->staging->data.find(to == Holds::kNext ? nextKey(key) : previousKey(key));
    if (staged == world->staging->data.end() || staged->second.size() == 0) {
      return foreignStaging(rotation);
    }
    values.emplace(key, staged->second);
  }
  auto patched = context.secrets.patch(
      rotation.ns, rotation.secret, preconditionOf(world->secret), values,
      {{std::string(kRemediationAnnotation), rotation.remediation},
       {std::string(kRotationAnnotation),
        markText(to == Holds::kNext ? Mark::kWritten : Mark::kRolledBack, rotation)}});
  if (!patched) return tl::unexpected(patched.error());
  return {};
}

}  // namespace

Status write(const Rotation& rotation, RotationContext& context) {
  return move(rotation, context, Holds::kPrevious, Holds::kNext);
}

Status restore(const Rotation& rotation, RotationContext& context) {
  return move(rotation, context, Holds::kNext, Holds::kPrevious);
}

Result<Observation> observeWrite(const Rotation& rotation, RotationContext& context) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (!world->staging) {
    if (markOf(world->secret, rotation) != Mark::kWritten) return Observation{};
    return Observation{Effect::kPresent, givenUpText(rotation)};
  }
  if (!isOurs(*world->staging, rotation)) return foreignStagingSeen(rotation);
  switch (compare(world->secret, *world->staging, rotation, context.random)) {
    case Holds::kPrevious:
      return Observation{};
    case Holds::kNext:
      return Observation{Effect::kPresent, ""};
    case Holds::kNeither:
      break;
  }
  return foreign(changedText(rotation));
}

// --- remove-staging --------------------------------------------------------------------------

Status finish(const Rotation& rotation, RotationContext& context) {
  return dropStaging(rotation, context, Holds::kPrevious,
                     " holds the exposed value again: something put it back; nothing was given up");
}

Result<Observation> observeFinish(const Rotation& rotation, RotationContext& context) {
  auto world = look(rotation, context);
  if (!world) return tl::unexpected(world.error());
  if (world->staging) {
    return isOurs(*world->staging, rotation) ? Observation{} : foreignStagingSeen(rotation);
  }
  if (markOf(world->secret, rotation) != Mark::kWritten) return Observation{};
  return Observation{Effect::kPresent, givenUpText(rotation)};
}

Status cannotUndo(const Rotation& rotation, RotationContext&) {
  return fail(ErrorCode::kInvalid, givenUpText(rotation));
}

// --- the table -------------------------------------------------------------------------------

Result<TableRotator::Found> TableRotator::find(const Step& step) const {
  auto rotation = rotationOf(step);
  if (!rotation) return tl::unexpected(rotation.error());
  for (const Operation& operation : operations_) {
    if (operation.name == operationOf(step)) return Found{&operation, std::move(*rotation)};
  }
  return fail(ErrorCode::kInvalid,
              "step " + step.name + " names no operation of a " + std::string(type_) + " rotation");
}

Status TableRotator::apply(const Step& step, RotationContext& context) const {
  auto found = find(step);
  return found ? found->operation->apply(found->rotation, context)
               : Status(tl::unexpected(found.error()));
}

Result<Observation> TableRotator::observe(const Step& step, RotationContext& context) const {
  auto found = find(step);
  return found ? found->operation->observe(found->rotation, context)
               : Result<Observation>(tl::unexpected(found.error()));
}

Status TableRotator::undo(const Step& step, RotationContext& context) const {
  auto found = find(step);
  return found ? found->operation->undo(found->rotation, context)
               : Status(tl::unexpected(found.error()));
}

}  // namespace firebreak::rotate
