// A connect test from where it is called (inside a pod's network namespace: netns_child.h): the only
// proof that a pod is cut off. All targets at once. Stateless; safe from any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::sensor {

enum class Reach {
  kOpen,     // the connection was made
  kRefused,  // something answered with a reset
  kBlocked,  // no answer in time, or no way there
};

struct ProbeAnswer {
  std::string target;  // "10.96.0.1:443"
  Reach reach = Reach::kBlocked;
};

// Targets that are no address and port are left out; names are never resolved.
std::vector<ProbeAnswer> tryConnects(const std::vector<std::string>& targets,
                                     std::chrono::milliseconds timeout);

std::string answersToText(const std::vector<ProbeAnswer>& answers);
std::vector<ProbeAnswer> answersFromText(std::string_view text);

}  // namespace firebreak::sensor
