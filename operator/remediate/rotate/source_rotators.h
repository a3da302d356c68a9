// TLS and ExternalSecret: Secrets whose value another controller writes, cert-manager or External
// Secrets. Firebreak never writes the value itself; it has the source make another one, waits for that,
// and then goes on as with any other. There is no way back: the source does not keep the old one.
// Stateless; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& certificateRotator();
const Rotator& externalSecretRotator();

// The objects that the Secrets of a type come from.
struct Source {
  std::string_view type;  // the rotator's
  const ApiKind& (*kind)();
  // Why asking the live one would not help, and what to change; empty where it would.
  std::string (*unfit)(const Json& source);
  std::string_view then;  // what to do after that change
};
// Nothing where Firebreak itself writes the Secrets of this type.
const Source* sourceOfType(std::string_view type);

}  // namespace firebreak::rotate
