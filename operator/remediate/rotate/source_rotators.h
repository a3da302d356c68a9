// TLS and ExternalSecret: Secrets whose value another controller writes, cert-manager or External
// Secrets. Firebreak never writes the value itself; it has the source make another one, waits for that,
// and then goes on as with any other. There is no way back: the source does not keep the old one.
// Stateless; safe from any thread.
#pragma once

#include <string>

#include "base/json.h"
#include "firebreak/rotator.h"

namespace firebreak::rotate {

const Rotator& certificateRotator();
const Rotator& externalSecretRotator();

// The objects that the Secrets come from.
const ApiKind& certificateKind();
const ApiKind& externalSecretKind();

// The Certificate or ExternalSecret that this Secret says it comes from; empty where it says none.
std::string certificateOf(const Json& secret);
std::string externalSecretOf(const Json& secret);

// Why a renewal of this live Certificate would not help, and what to change; empty where it would.
std::string unfitCertificate(const Json& certificate);

}  // namespace firebreak::rotate
