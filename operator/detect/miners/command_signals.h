// The signals that a command line, or a single value of one, carries. Used for containers' commands
// and for processes alike. Pure; safe from any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/miners/command_reader.h"
#include "detect/miners/endpoint.h"
#include "detect/miners/scorecard.h"

namespace firebreak::detect {

// What the policy adds to the built-in tables (SecurityPolicy.spec.miners.signatures). Its word is
// proof: whoever writes the policy has decided.
struct MinerSignatures {
  std::vector<std::string> poolDomains;
  std::vector<std::string> wallets;
  std::vector<std::string> images;     // the image's name without tag, or with; exact
  std::vector<std::string> processes;  // base names of executables
};

// A URL of a scheme that only miners speak, with somebody to dial. Nothing for 0.0.0.0, on which a
// pool of one's own listens.
std::optional<PoolEndpoint> stratumEndpoint(std::string_view value);
bool isMinerAlgorithm(std::string_view value);
bool isMinerProgram(std::string_view program);
// The pool's domain that the host belongs to; empty where it belongs to none.
std::string_view poolDomainOf(std::string_view host);
// `word` in `text` between characters that are neither letters nor digits; both lower case.
bool containsWord(std::string_view text, std::string_view word);
std::string toLower(std::string_view text);

// Adds what a value says by itself: a stratum URL, a pool's host, a listed wallet. `subject` names
// the value for people ("argument", "environment variable POOL_URL"). True where a pool was named.
void scoreValue(std::string_view value, const std::string& subject, const std::string& fieldPath,
                const MinerSignatures& extra, Scorecard* card);

// Signals of all programs that a command line runs. `pathOf` gives the field path of the outer word
// with that index; empty paths for processes. `forOthers`: what it writes is there for other containers (init).
void scoreInvocations(const CommandReader& reader, const MinerSignatures& extra,
                      const std::function<std::string(size_t)>& pathOf, Scorecard* card,
                      bool forOthers = false);

// The same for one command line as the kernel shows it.
ScoreResult scoreCommandLine(std::span<const std::string> argv, const MinerSignatures& extra = {});

// A wallet counts once something else says "pool": call when all of a container's values are in.
void weighWallet(Scorecard* card);

}  // namespace firebreak::detect
