#include "remediate/rotate/random_rotator.h"

#include "remediate/rotate/staged_steps.h"

namespace firebreak::rotate {
namespace {

Status stage(const Rotation& rotation, RotationContext& context) {
  return stageValues(rotation, context,
                     [&](const StoredSecret& secret) -> Result<StagedNext> {
                       StagedNext next;
                       for (const std::string& key : rotation.keys) {
                         next.values.emplace(key, successorOf(secret.data.at(key), context.random));
                       }
                       return next;
                     });
}

std::optional<Unfit> unfit(const RotatorEntry& entry) {
  if (stringOr(member(entry.parameters, {"random", "nature"})) == "SharedToken") return std::nullopt;
  return Unfit{"does not declare random.nature: SharedToken, and a new value for anything else destroys "
               "data",
               ""};
}

constexpr Operation kOperations[] = {
    {"stage", stage, observeStage, undoStage},
    {"write", write, observeWrite, restore},
    {"remove-staging", finish, observeFinish, cannotUndo},
};

}  // namespace

const Rotator& randomRotator() {
  static const TableRotator kRotator("Random", {.unfit = unfit}, kOperations);
  return kRotator;
}

}  // namespace firebreak::rotate
