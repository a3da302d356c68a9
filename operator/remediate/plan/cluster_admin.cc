#include "remediate/plan/cluster_admin.h"

#include <algorithm>
#include <set>

namespace firebreak {
namespace {

constexpr const char* kBindingVersion = "rbac.authorization.k8s.io/v1";

bool grantsClusterAdmin(const Json& binding) {
  return stringOr(member(binding, {"roleRef", "kind"})) == "ClusterRole" &&
         stringOr(member(binding, {"roleRef", "name"})) == "cluster-admin";
}

// Whether this subject stands for the account alone, for it among others, or not for it.
enum class Means { kNot, kAlone, kAmongOthers };

Means meansOf(const Json& subject, const std::string& ns, const std::string& account) {
  const std::string kind = stringOr(member(subject, "kind"));
  const std::string name = stringOr(member(subject, "name"));
  if (kind == "ServiceAccount") {
    return name == account && stringOr(member(subject, "namespace")) == ns ? Means::kAlone
                                                                           : Means::kNot;
  }
  if (kind == "User") {
    return name == "system:serviceaccount:" + ns + ":" + account ? Means::kAlone : Means::kNot;
  }
  const std::set<std::string> groups = {"system:serviceaccounts", "system:serviceaccounts:" + ns,
                                        "system:authenticated"};
  return kind == "Group" && groups.contains(name) ? Means::kAmongOthers : Means::kNot;
}

Step deletion(const ObjectRef& binding, const std::string& undoByHand) {
  Step step;
  step.name = "revoke-" + binding.name;
  step.action = "RevokeClusterAdmin";
  step.object = binding;
  step.type = PatchType::kDelete;
  step.reversal = Reversal::kIrreversible;
  step.proof = Proof::kConsoleShut;
  step.manifest = {{"undoByHand", undoByHand}};
  return step;
}

void addDeletion(const ObjectRef& binding, const std::string& undoByHand, Plan* plan) {
  plan->steps.push_back(deletion(binding, undoByHand));
  plan->caveats.push_back("RevokeClusterAdmin deletes ClusterRoleBinding " + binding.name +
                          ", which Firebreak cannot make again: " + undoByHand);
}

// Takes one subject out of a binding that has others, or all of it where somebody else needs it too.
std::string byHand(const std::string& binding, const Json& subjects, size_t index) {
  if (subjects.size() == 1) return "kubectl delete clusterrolebinding " + binding;
  const std::string path = "/subjects/" + std::to_string(index);
  return "kubectl patch clusterrolebinding " + binding +
         " --type=json -p '[{\"op\":\"test\",\"path\":\"" + path + "/name\",\"value\":\"" +
         stringOr(member(subjects[index], "name")) + "\"},{\"op\":\"remove\",\"path\":\"" + path +
         "\"}]'";
}

void revokeOf(const Json& binding, const std::string& account, const AdminGrants& grants,
              Plan* plan) {
  const Json& subjects = member(binding, "subjects");
  const Json& meta = member(binding, "metadata");
  const std::string name = stringOr(member(meta, "name"));
  for (size_t i = 0; subjects.is_array() && i < subjects.size(); ++i) {
    const Means means = meansOf(subjects[i], grants.ns, account);
    if (means == Means::kNot) continue;
    const std::string who = grants.ns + "/" + account;
    const auto other = std::find_if(grants.otherUsers.begin(), grants.otherUsers.end(),
                                    [&](const auto& user) { return user.first == account; });
    std::string why;
    if (means == Means::kAmongOthers) {
      why = "it is bound to the group " + stringOr(member(subjects[i], "name"));
    } else if (subjects.size() > 1) {
      why = "it has other subjects";
    } else if (other != grants.otherUsers.end()) {
      why = other->second + " uses the ServiceAccount too";
    }
    if (why.empty()) {
      addDeletion({kBindingVersion, "ClusterRoleBinding", "", name, stringOr(member(meta, "uid"))},
                  "kubectl create clusterrolebinding " + name +
                      " --clusterrole=cluster-admin --serviceaccount=" + grants.ns + ":" + account,
                  plan);
    } else {
      plan->caveats.push_back("ClusterRoleBinding " + name + " makes ServiceAccount " + who +
                              " cluster-admin and is not deleted: " + why + ". By hand: " +
                              byHand(name, subjects, i));
    }
    return;
  }
}

}  // namespace

void revokeClusterAdmin(const AdminGrants& grants, Plan* plan) {
  for (const RevokedBinding& gone : grants.revoked) {
    addDeletion(gone.binding, gone.undoByHand, plan);
  }
  for (const Json& binding : grants.bindings) {
    if (!grantsClusterAdmin(binding)) continue;
    const std::string uid = stringOr(member(binding, {"metadata", "uid"}));
    // Seen just before it went.
    const bool known = std::any_of(grants.revoked.begin(), grants.revoked.end(),
                                   [&](const auto& gone) { return gone.binding.uid == uid; });
    if (known) continue;
    for (const std::string& account : grants.serviceAccounts) {
      revokeOf(binding, account, grants, plan);
    }
  }
}

}  // namespace firebreak
