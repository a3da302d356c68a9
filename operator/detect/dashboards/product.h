// Product: everything that is known about one console, as data: how it is recognised, which request
// proves that it answers without a password, what its login answer looks like, and which settings
// switch its authentication off. The built-in ones stand in detect/signatures/dashboards*.cc; code
// elsewhere knows no product by name. Plain values, safe to read from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace firebreak::detect {

// What somebody who reaches the console can do with it.
enum class Grants {
  kData,     // read what it shows: metrics, traces, job lists
  kControl,  // run code, change workloads, read Secrets
};

// How an answer has to look; every part that is given must hold.
struct AnswerShape {
  std::vector<int> statuses = {200};
  std::string contentType{};                                  // part of the header, empty = any
  std::vector<std::string> keys{};                            // JSON pointers that must exist
  std::vector<std::pair<std::string, std::string>> values{};  // JSON pointer -> scalar's text
  std::vector<std::string> texts{};                           // in the body, all of them
  std::vector<std::string> absent{};                          // not in the body, none of them
  std::string location{};                                     // part of the Location header
};

// One request that tells open from locked. GET only, and free of side effects.
struct ProofRequest {
  std::string path{};
  AnswerShape open{};
  Grants grants = Grants::kControl;
  // A made-up neighbour of `path`, which a real console answers otherwise and a page that says 200 to
  // everything does not.
  std::string controlPath{};
  // Where the answer says that nothing is asked for, and not at which of the program's doors: what this
  // door has to answer besides. Empty path = nothing.
  std::string besidePath{};
  AnswerShape beside{};
};

// Where a setting can be given, in a list from the highest precedence to the lowest.
struct SettingSource {
  enum class From {
    kFlag,       // `--name value`, `--name=value`; the last one wins
    kRepeatedFlag,  // the same, but every occurrence counts; joined by ","
    kEnv,        // environment variable
    kSetEnv,     // the same, where an empty value counts as not given
    kIni,        // "section.key" of a mounted ini file
    kYaml,       // "a.b.c" of a mounted YAML or JSON file
    kLine,       // `name = value` or `name: value` lines of a mounted script or properties file
    kConfigMap,  // "configmap-name/key": read through the API, not mounted
    kImageTag,   // the image's tag, "v" in front left out; absent where there is none
    kArgument,   // the bare word stands among the arguments (`proxy`); value "true"
    kHcl,        // "block.key" of a mounted HCL file (Consul, Nomad, Vault)
    kProperty,   // <name>..</name><value>..</value> of a mounted XML file (Hadoop and its kin)
  };
  From from = From::kFlag;
  std::string name{};
};

struct Setting {
  std::string id{};
  std::vector<SettingSource> sources{};
};

struct Condition {
  enum class Test {
    kTrue,    // given and one of true, 1, yes, on
    kEmpty,   // given and empty, or a quoted empty string
    kIs,      // given and equal to one of `values` (any case)
    kHas,     // given and contains one of `values` (any case)
    kHasNot,  // not given, or contains none of `values`
    kGiven,   // given, even where the value cannot be seen (from a Secret)
    kNotSet,  // not given, or empty
    kAbsent,  // not given anywhere
    kNotTrue, // not given, or given as anything but true
    kOlder,   // given as a version that is older than the one of `values`; "latest" is none
  };
  std::string setting{};
  Test test = Test::kTrue;
  std::vector<std::string> values{};
};

// All conditions hold: authentication is off.
struct OffRule {
  std::vector<Condition> all{};
  Grants grants = Grants::kControl;
  // The product has no authentication of its own, or none by default; nobody switched anything off.
  bool byNature = false;
  // Who is let in acts as the pod's ServiceAccount: what that may do is for the proof to show.
  bool asAccount = false;
  // These settings leave only what `grants` says, whatever a proof grants: its answer does not show them.
  bool limits = false;
  std::string why{};  // one clause for the message: "--auth-mode=server lets everybody in"
};

struct Product {
  std::string id{};    // kebab-case, part of the rule: "kube-web-view"
  std::string name{};  // "Kubernetes Web View"
  // Globs over the image's repository without registry, tag and digest: over its last component, or
  // over the whole path where the glob holds a slash.
  std::vector<std::string> images{};
  std::vector<std::string> labels{};    // values of app.kubernetes.io/name, app, k8s-app (hints only)
  std::vector<std::string> programs{};  // words of the command line, e.g. "kubectl proxy"
  std::vector<int32_t> ports{};         // pod ports
  std::vector<std::string> schemes = {"http"};
  // Text of its front page or of where that redirects to: says what to ask for where neither image nor
  // port is known.
  std::vector<std::string> marks{};
  std::vector<ProofRequest> proofs{};    // the strongest first
  std::vector<AnswerShape> login{};      // answers that ask to log in, beyond 401, 403 and redirects
  std::vector<std::string> neverGet{};   // GET paths with side effects that nobody may ask
  // Where it is told the path that it stands under ("/notebook"), or the URL that ends in it; what is
  // given anywhere is asked for, so that there is no order.
  std::vector<SettingSource> base{};
  std::vector<Setting> settings{};
  std::vector<OffRule> off{};
  std::string can{};     // what somebody can do with it: "read every Secret that its ServiceAccount may"
  std::string source{};  // where the facts come from
};

}  // namespace firebreak::detect
