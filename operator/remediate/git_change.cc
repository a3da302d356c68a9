#include "remediate/git_change.h"

#include <algorithm>

#include "remediate/fields.h"

namespace firebreak::remediate {
namespace {

struct MarkRow {
  const char* field;  // of metadata
  const char* key;
  const char* what;
};

// The marks as each product documents them.
constexpr MarkRow kMarks[] = {
    {"annotations", "argocd.argoproj.io/tracking-id", "Argo CD"},
    {"labels", "argocd.argoproj.io/instance", "Argo CD application"},
    {"labels", "kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"},
    {"labels", "helm.toolkit.fluxcd.io/name", "Flux HelmRelease"},
    {"annotations", "meta.helm.sh/release-name", "Helm release"},
};

// "/metadata/labels/a~1b" -> "metadata.labels[a/b]"; only for people.
std::string readable(const std::string& pointer) {
  std::string text;
  size_t at = 1;
  while (at <= pointer.size() && !pointer.empty()) {
    size_t end = std::min(pointer.find('/', at), pointer.size());
    std::string token = pointer.substr(at, end - at);
    for (auto [escaped, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
      for (size_t hit; (hit = token.find(escaped)) != std::string::npos;) {
        token.replace(hit, 2, plain);
      }
    }
    bool simple = token.find_first_of("./") == std::string::npos;
    text += text.empty() ? token : simple ? "." + token : "[" + token + "]";
    at = end + 1;
  }
  return text;
}

}  // namespace

std::string gitMarks(const Json& live) {
  for (const MarkRow& row : kMarks) {
    std::string value = stringOr(member(live, {"metadata", row.field, row.key}));
    if (!value.empty()) return std::string(row.what) + " " + value;
  }
  return "";
}

std::string changeInGit(const Step& step, size_t most) {
  std::string text = "in " + describe(step.object);
  switch (step.type) {
    case PatchType::kJsonPatch: {
      const char* glue = " ";
      for (const FieldEdit& edit : step.edits) {
        text += glue;
        text += edit.after ? "set " + readable(edit.pointer) + " to " + dumpJson(*edit.after)
                           : "remove " + readable(edit.pointer);
        glue = ", ";
      }
      break;
    }
    case PatchType::kCreate:
      text = "add " + dumpJson(step.manifest);
      break;
    case PatchType::kDelete:
      text = "take out " + describe(step.object);
      break;
    case PatchType::kNodeOrder:
    case PatchType::kExternal:
      break;
  }
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
    text.resize(most);
    text += " ...";
  }
  return text;
}

}  // namespace firebreak::remediate
