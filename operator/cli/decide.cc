#include "cli/decide.h"

#include <iostream>
#include <string>

#include "base/json.h"
#include "cli/cluster_connection.h"

namespace firebreak {
namespace {

struct Word {
  std::string_view command;
  const char* action;
  const char* help;
};
constexpr Word kWords[] = {
    {"approve", "Approve", "Lets the plan that is shown be carried out"},
    {"reject", "Reject", "Refuses the plan; it stays refused until the finding changes"},
    {"revert", "Revert", "Undoes what was done; it is not done again until the finding changes"},
};

int refused(const CLI::App& app, const Error& error) {
  std::cerr << app.get_name() << ": " << error.message << "\n";
  return 1;
}

}  // namespace

int runDecide(int argc, char** argv) {
  const Word* word = nullptr;
  for (const Word& each : kWords) {
    if (argc > 0 && each.command == argv[0]) word = &each;
  }
  if (word == nullptr) return 2;
  ClusterConnection access;
  std::string name, reason;
  CLI::App app(word->help, "firebreak " + std::string(word->command));
  access.addOptions(app);
  app.add_option("NAME", name, "name of the Remediation")->required();
  app.add_option("--reason", reason, "why, for people");
  if (auto code = access.open(app, argc, argv)) return *code;
  auto user = access.user();
  if (!user) return refused(app, user.error());
  auto remediation = access.client().get(kube::kRemediations, "", name);
  if (!remediation) return refused(app, remediation.error());

  // A new decision takes the place of an old one: what it does not say is taken out.
  Json decision = {{"action", word->action}, {"by", *user}, {"planHash", nullptr}, {"reason", nullptr}};
  const std::string planHash = stringOr(member(*remediation, {"status", "planHash"}));
  if (!planHash.empty()) decision["planHash"] = planHash;
  if (!reason.empty()) decision["reason"] = reason;
  // With the resourceVersion, so that it is this plan that is decided about and no later one.
  const Json& meta = member(*remediation, "metadata");
  kube::PatchOptions options;
  options.fieldManager = "firebreak-cli";
  auto written = access.client().patch(
      kube::kRemediations, "", name, kube::PatchKind::kMerge,
      {{"metadata",
        {{"uid", member(meta, "uid")}, {"resourceVersion", member(meta, "resourceVersion")}}},
       {"spec", {{"decision", decision}}}},
      options);
  if (!written) return refused(app, written.error());
  std::cout << word->action << " of remediation " << name << " is written as " << *user
            << ". Watch it: kubectl get remediations.firebreak.dev " << name << " -w\n";
  return 0;
}

}  // namespace firebreak
