// The steps that every rotation shares: stage the next and previous values, write them into the
// Secret, put them back, give the previous ones up. What is special about one kind of credential
// (making it where it is issued, revoking it there) is that rotator's own. Each function is
// idempotent and may be cut off after any call. Stateless; safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "firebreak/rotator.h"
#include "remediate/rotate/staging.h"

namespace firebreak::rotate {

// The Secret and its staging Secret as they are now.
struct StagedWorld {
  StoredSecret secret;
  std::optional<StoredSecret> staging;
};

// kConflict where the Secret is not the one that the plan was made for.
Result<StagedWorld> look(const Rotation& rotation, RotationContext& context);
// The same where there is a staging Secret of this rotation, which `staging` then is; nullopt where
// there is none. Somebody else's under its name is an error (foreignStaging).
Result<std::optional<StagedWorld>> lookStaged(const Rotation& rotation, RotationContext& context);

// What is staged beside the previous values: the next value of each key, where it is known before
// anything is asked outside, and notes that are no secret.
struct StagedNext {
  std::map<std::string, SecretValue> values;
  StringMap annotations;
};
// Made from the Secret as it is.
using NextValues = std::function<Result<StagedNext>(const StoredSecret& secret)>;

Status stageValues(const Rotation& rotation, RotationContext& context, const NextValues& next);
Result<Observation> observeStage(const Rotation& rotation, RotationContext& context);
Status undoStage(const Rotation& rotation, RotationContext& context);

Status write(const Rotation& rotation, RotationContext& context);
Result<Observation> observeWrite(const Rotation& rotation, RotationContext& context);
Status restore(const Rotation& rotation, RotationContext& context);

Status finish(const Rotation& rotation, RotationContext& context);
Result<Observation> observeFinish(const Rotation& rotation, RotationContext& context);
Status cannotUndo(const Rotation& rotation, RotationContext& context);

// Texts that say why nothing is done; they name objects and no value.
tl::unexpected<Error> foreignStaging(const Rotation& rotation);
std::string givenUpText(const Rotation& rotation);

// One operation of a rotator: the step's manifest names it.
struct Operation {
  std::string_view name;
  Status (*apply)(const Rotation&, RotationContext&);
  Result<Observation> (*observe)(const Rotation&, RotationContext&);
  Status (*undo)(const Rotation&, RotationContext&);
};

// A rotator whose steps are a table of operations.
class TableRotator : public Rotator {
 public:
  TableRotator(std::string_view type, RotatorShape shape, std::span<const Operation> operations)
      : type_(type), shape_(std::move(shape)), operations_(operations) {}
  std::string_view type() const override { return type_; }
  const RotatorShape& shape() const override { return shape_; }
  Status apply(const Step& step, RotationContext& context) const override;
  Result<Observation> observe(const Step& step, RotationContext& context) const override;
  Status undo(const Step& step, RotationContext& context) const override;

 private:
  struct Found {
    const Operation* operation;
    Rotation rotation;
  };
  Result<Found> find(const Step& step) const;

  std::string_view type_;
  RotatorShape shape_;
  std::span<const Operation> operations_;
};

}  // namespace firebreak::rotate
