#include "detect/scan_input.h"

#include <algorithm>
#include <cctype>

#include "base/digest.h"
#include "detect/pod_templates.h"

namespace firebreak::detect {
namespace {

StringMap stringMap(const Json& object) {
  StringMap map;
  if (!object.is_object()) return map;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) map.emplace(key, value.get<std::string>());
  }
  return map;
}

ScannedSecret secretOf(const Json& object) {
  ScannedSecret secret;
  secret.meta = metaOf(object);
  secret.type = stringOr(member(object, "type"));
  for (const auto& [key, encoded] : stringMap(member(object, "data"))) {
    auto decoded = base64Decode(encoded);
    if (decoded) secret.data.emplace(key, *decoded);
  }
  for (const auto& [key, value] : stringMap(member(object, "stringData"))) secret.data[key] = value;
  return secret;
}

ConfigMap configMapOf(const Json& object) {
  ConfigMap map;
  map.meta = metaOf(object);
  map.data = stringMap(member(object, "data"));
  for (const auto& [key, encoded] : stringMap(member(object, "binaryData"))) {
    auto decoded = base64Decode(encoded);
    if (decoded) map.data.emplace(key, *decoded);
  }
  return map;
}

bool isPlainKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

}  // namespace

ScanInput::ScanInput(std::vector<Document> documents, Json policySpec)
    : documents_(std::move(documents)), policySpec_(std::move(policySpec)) {
  for (const Document& document : documents_) {
    if (document.ref.apiVersion == "v1" && document.ref.kind == "ConfigMap") {
      configMaps_.emplace(document.ref.name,
                          InFile<ConfigMap>{document.file, configMapOf(document.object)});
    } else if (document.ref.apiVersion == "v1" && document.ref.kind == "Secret") {
      secrets_.emplace(document.ref.name,
                       InFile<ScannedSecret>{document.file, secretOf(document.object)});
    } else if (document.ref.kind != kPlainFile) {
      for (Workload& workload : podTemplatesOf(document.object)) {
        workloads_.push_back({std::move(workload), &document});
      }
    }
  }
}

template <typename T>
const T* ScanInput::lookUp(const ByName<T>& map, std::string_view ns, std::string_view name,
                           std::string_view nearFile) {
  auto [begin, end] = map.equal_range(name);
  const T* best = nullptr;
  int bestRank = 0;
  for (auto it = begin; it != end; ++it) {
    const InFile<T>& candidate = it->second;
    if (!sameNamespace(candidate.object.meta.ns, ns)) continue;
    int rank = 1 + (candidate.file == nearFile ? 2 : 0) + (candidate.object.meta.ns == ns ? 4 : 0);
    if (rank <= bestRank) continue;
    best = &candidate.object;
    bestRank = rank;
  }
  return best;
}

const ConfigMap* ScanInput::configMap(std::string_view ns, std::string_view name,
                                      std::string_view nearFile) const {
  return lookUp(configMaps_, ns, name, nearFile);
}

const ScannedSecret* ScanInput::secret(std::string_view ns, std::string_view name,
                                       std::string_view nearFile) const {
  return lookUp(secrets_, ns, name, nearFile);
}

bool sameNamespace(std::string_view a, std::string_view b) {
  return a == b || a.empty() || b.empty();
}

std::string childPath(std::string_view parent, std::string_view key) {
  std::string path(parent);
  if (isPlainKey(key)) {
    if (!path.empty()) path += '.';
    return path.append(key);
  }
  return path + dumpJson(Json::array({key}));
}

std::string childPath(std::string_view parent, size_t index) {
  return std::string(parent) + '[' + std::to_string(index) + ']';
}

int lineOf(const Document& document, std::string_view fieldPath) {
  while (!fieldPath.empty()) {
    auto found = document.fieldLines.find(fieldPath);
    if (found != document.fieldLines.end()) return found->second;
    // A key in ["..."] may hold dots and brackets: cut at its opening first.
    size_t cut = fieldPath.ends_with("\"]") ? fieldPath.rfind("[\"") : fieldPath.find_last_of(".[");
    fieldPath = fieldPath.substr(0, cut == std::string_view::npos ? 0 : cut);
  }
  return document.line;
}

std::string commentPath(size_t index) { return childPath("comment", index); }

int lineOfPart(const Document& document, std::string_view fieldPath, int lineOfText,
               std::string_view part) {
  auto place = document.texts.find(fieldPath);
  if (place == document.texts.end()) return lineOf(document, fieldPath);
  const auto& [line, folded] = place->second;
  if (folded.empty()) return line + std::max(0, lineOfText - 1);
  // Folding leaves words whole.
  size_t at = folded.find(part.substr(0, part.find_first_of(" \t\n")));
  if (at == std::string::npos) return line;
  return line + static_cast<int>(
                    std::count(folded.begin(), folded.begin() + static_cast<long>(at), '\n'));
}

void locate(const Document& document, Finding* finding) {
  finding->file = document.file;
  finding->line = lineOf(document, finding->fieldPath);
}

}  // namespace firebreak::detect
