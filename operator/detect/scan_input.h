// ScanInput: everything that `firebreak scan` was given, parsed. Filled once by
// operator/cli/loader, then read by the detectors; const objects may be read from any thread.
// Nothing in it was fetched from a cluster, so that Secrets may be looked into here (live miner
// detection never does).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "firebreak/finding.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// Where a text of several lines stands in the file, which is not where its key does.
struct TextPlace {
  int line = 0;        // of the text's first line
  std::string folded;  // the lines as the file has them, where they are joined in the value
};

// The kind of a document that is no Kubernetes object (Helm values, a compose file, a .env): it is
// looked at for credentials alone.
inline constexpr std::string_view kPlainFile = "File";

// One Kubernetes object of the input; the items of a List are documents of their own.
struct Document {
  Json object;
  ObjectRef ref;     // ns is empty where the manifest names none
  std::string file;  // as given or found, "-" for stdin
  int line = 0;      // 1-based line where the object starts
  // Field path (see childPath) -> 1-based line; may be empty where lines are not known.
  std::map<std::string, int, std::less<>> fieldLines;
  // The same for block scalars and for what begins on another line than its key.
  std::map<std::string, TextPlace, std::less<>> texts;
  // Blocks of comment lines, without their "#".
  std::vector<std::string> comments;
};

// Where the document's comment with this index is, for findings, fieldLines and texts.
std::string commentPath(size_t index);

// A pod template of the input: of a built-in kind, or found anywhere inside a custom resource,
// which may hold several.
struct ScannedWorkload {
  Workload workload;
  const Document* document = nullptr;  // never null; owned by the ScanInput
};

struct ScannedSecret {
  ObjectMeta meta;
  std::string type;
  StringMap data;  // data decoded, stringData over it
};

class ScanInput {
 public:
  // `policySpec` is the spec of the SecurityPolicy given with --policy, null where there is none.
  explicit ScanInput(std::vector<Document> documents, Json policySpec = Json());
  ScanInput(const ScanInput&) = delete;
  ScanInput& operator=(const ScanInput&) = delete;

  const std::vector<Document>& documents() const { return documents_; }
  const std::vector<ScannedWorkload>& workloads() const { return workloads_; }
  const Json& policySpec() const { return policySpec_; }

  // Null where the input holds none. A manifest without namespace fits any, since the namespace is
  // then chosen when it is applied; an exact match goes first. Folders often hold variants of one
  // application under the same names: of equal matches the one in `nearFile` goes first.
  const ConfigMap* configMap(std::string_view ns, std::string_view name,
                             std::string_view nearFile = "") const;
  const ScannedSecret* secret(std::string_view ns, std::string_view name,
                              std::string_view nearFile = "") const;

 private:
  std::vector<Document> documents_;
  Json policySpec_;
  std::vector<ScannedWorkload> workloads_;
  template <typename T>
  struct InFile {
    std::string_view file;  // the document's
    T object;
  };
  template <typename T>
  using ByName = std::multimap<std::string, InFile<T>, std::less<>>;
  template <typename T>
  static const T* lookUp(const ByName<T>& map, std::string_view ns, std::string_view name,
                         std::string_view nearFile);

  ByName<ConfigMap> configMaps_;
  ByName<ScannedSecret> secrets_;
};

// True where objects of these manifests' namespaces can meet: equal, or one of them is not given.
bool sameNamespace(std::string_view a, std::string_view b);

// The path of a member or element as findings name it: childPath("spec", "args") is "spec.args",
// childPath("metadata.annotations", "a.b/c") is `metadata.annotations["a.b/c"]`.
std::string childPath(std::string_view parent, std::string_view key);
std::string childPath(std::string_view parent, size_t index);

// The line of the field, of the nearest parent whose line is known, or of the document.
int lineOf(const Document& document, std::string_view fieldPath);

// The line that holds `part`, which begins on the `lineOfText`-th line (from 1) of the field's text.
int lineOfPart(const Document& document, std::string_view fieldPath, int lineOfText,
               std::string_view part);

// Sets file and line of a finding in this document from its field path.
void locate(const Document& document, Finding* finding);

}  // namespace firebreak::detect
