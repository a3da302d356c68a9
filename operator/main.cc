// firebreak: one binary, a table of subcommands.
#include <cstring>
#include <iostream>

#include "cli/decide.h"
#include "cli/explain.h"
#include "cli/healthz.h"
#include "cli/pause.h"
#include "cli/release.h"
#include "cli/report.h"
#include "cli/scan.h"
#include "cli/status.h"
#include "control/operator.h"
#include "sensor/sensor_main.h"

namespace {

struct Command {
  const char* name;
  int (*run)(int argc, char** argv);
  const char* help;
};

constexpr Command kCommands[] = {
    {"operator", firebreak::runOperator, "watch SecurityPolicies and remediate what they cover"},
    {"sensor", firebreak::runSensor, "watch this node's processes and carry out isolations"},
    {"status", firebreak::runStatus, "policies, findings, remediations and sensors on one page"},
    {"explain", firebreak::runExplain, "explain NAME: one remediation in words"},
    {"approve", firebreak::runDecide, "approve NAME: let a remediation that waits go on"},
    {"reject", firebreak::runDecide, "reject NAME: leave this target alone"},
    {"revert", firebreak::runDecide, "revert NAME: undo what was done, in reverse order"},
    {"pause", firebreak::runPause, "start nothing new, under one policy or at all"},
    {"report", firebreak::runReport, "what was found and done, as one HTML page"},
    {"release", firebreak::runRelease, "let the sensors go of the pods that they hold"},
    {"scan", firebreak::runScan, "judge manifests (scan PATH... or -) or what runs (--cluster)"},
    {"healthz", firebreak::runHealthz, "exec probe: does the operator in this pod turn?"},
};

int usage(std::ostream& out, int code) {
  out << "Usage: firebreak COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command& command : kCommands) {
    out << "  " << command.name << std::string(12 - std::strlen(command.name), ' ') << command.help
        << "\n";
  }
  out << "\n`firebreak COMMAND --help` tells a command's options.\n";
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return usage(std::cerr, 2);
  if (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0) {
    return usage(std::cout, 0);
  }
  for (const Command& command : kCommands) {
    if (std::strcmp(argv[1], command.name) == 0) return command.run(argc - 1, argv + 1);
  }
  std::cerr << "firebreak: unknown command '" << argv[1] << "'\n\n";
  return usage(std::cerr, 2);
}
