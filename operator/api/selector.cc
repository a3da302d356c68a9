#include "api/selector.h"

#include <algorithm>

namespace firebreak {
namespace {

using Operator = SelectorRequirement::Operator;

bool matchesOne(const SelectorRequirement& requirement, const StringMap& labels) {
  auto label = labels.find(requirement.key);
  bool present = label != labels.end();
  bool listed = present && std::find(requirement.values.begin(), requirement.values.end(),
                                     label->second) != requirement.values.end();
  switch (requirement.op) {
    case Operator::kIn:
      return listed;
    case Operator::kNotIn:
      return !listed;  // also true where the label is absent, as in Kubernetes
    case Operator::kExists:
      return present;
    case Operator::kDoesNotExist:
      return !present;
  }
  return false;
}

bool parseOperator(std::string_view text, Operator* out) {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"In", Operator::kIn},
      {"NotIn", Operator::kNotIn},
      {"Exists", Operator::kExists},
      {"DoesNotExist", Operator::kDoesNotExist}};
  for (auto [name, op] : kOperators) {
    if (name == text) {
      *out = op;
      return true;
    }
  }
  return false;
}

}  // namespace

bool LabelSelector::matches(const StringMap& labels) const {
  for (const auto& [key, value] : matchLabels) {
    auto label = labels.find(key);
    if (label == labels.end() || label->second != value) return false;
  }
  return std::all_of(matchExpressions.begin(), matchExpressions.end(),
                     [&](const SelectorRequirement& r) { return matchesOne(r, labels); });
}

Result<LabelSelector> selectorFromJson(const Json& json, std::string_view path) {
  LabelSelector selector;
  if (json.is_null()) return selector;
  if (!json.is_object()) {
    return fail(ErrorCode::kInvalid, std::string(path) + ": must be a label selector");
  }
  for (const auto& [key, value] : member(json, "matchLabels").items()) {
    selector.matchLabels[key] = stringOr(value);
  }
  const Json& expressions = member(json, "matchExpressions");
  for (size_t i = 0; i < expressions.size(); ++i) {
    SelectorRequirement requirement;
    requirement.key = stringOr(member(expressions[i], "key"));
    requirement.values = stringsOf(member(expressions[i], "values"));
    std::string op = stringOr(member(expressions[i], "operator"));
    if (!parseOperator(op, &requirement.op)) {
      return fail(ErrorCode::kInvalid, std::string(path) + ".matchExpressions[" +
                                           std::to_string(i) + "].operator: \"" + op +
                                           "\" is not In, NotIn, Exists or DoesNotExist");
    }
    selector.matchExpressions.push_back(std::move(requirement));
  }
  return selector;
}

bool selectorSelects(const Json& selector, const StringMap& labels) {
  auto parsed = selectorFromJson(selector, "selector");
  return parsed && parsed->matches(labels);
}

}  // namespace firebreak
