// Which Events a Remediation's status implies. Names are derived from the transition, so that an
// operator that was killed in between writes none twice. Pure.
#pragma once

#include <string>
#include <vector>

#include "firebreak/remediation.h"

namespace firebreak::remediate {

struct EventDraft {
  std::string key;     // "e1-remediationstarted": unique within the Remediation, kept in eventsEmitted
  bool warning = false;
  std::string reason;  // closed set, see docs/events.md
  std::string action;  // the step or verb, CamelCase
  std::string note;
};

// In the order in which they happened.
std::vector<EventDraft> impliedEvents(const Remediation& remediation);
// Those that eventsEmitted does not name yet.
std::vector<EventDraft> missingEvents(const Remediation& remediation);

// A DNS subdomain, unique in the target's namespace.
std::string eventName(const Remediation& remediation, const EventDraft& draft);

}  // namespace firebreak::remediate
