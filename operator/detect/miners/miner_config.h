// Miners' configuration files: whether a text parses as one. A text that only mentions pools (a
// detection rule, a threat feed) does not. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

struct MinerConfig {
  std::string format;              // "XMRig", "xmr-stak", "stratum client"
  std::vector<std::string> pools;  // as written
  std::string mark;                // the key that only miners have: "donate-level"
};

std::optional<MinerConfig> parseMinerConfig(std::string_view text);

}  // namespace firebreak::detect
