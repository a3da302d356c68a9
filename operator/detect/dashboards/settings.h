// The static judgement: what a container's flags, environment and mounted files say about a product's
// settings, and whether they switch its authentication off. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/dashboards/product.h"
#include "firebreak/observed.h"

namespace firebreak::detect {

// What a container is judged by. ConfigMaps are looked up by name in its namespace; a lookup that is
// empty or answers null means that their content cannot be seen.
struct ContainerConfig {
  const Container& container;
  const PodSpec& spec;
  std::function<const ConfigMap*(std::string_view name)> configMap;
};

struct SettingValue {
  enum class State {
    kAbsent,  // given nowhere
    kKnown,   // given as `value`
    kHidden,  // given, but the value cannot be seen (a Secret, a ConfigMap that is not there)
  };
  State state = State::kAbsent;
  std::string value;
  // Where: "containers[0].args[2]" in the pod spec, or `ConfigMap argocd-cm data["..."]`.
  std::string fieldPath;
};

SettingValue resolve(const Setting& setting, const ContainerConfig& config);

struct OffJudgement {
  const OffRule* rule = nullptr;
  // Of the first setting that was given; empty where the rule rests on what is absent.
  std::string fieldPath;
  // "JUPYTER_TOKEN"-like names of the settings that decided; never a value.
  std::vector<std::string> settings;
};

// Which setting the judgement hangs on where it cannot be seen: in a Secret, or a ConfigMap that is not
// there. Empty where everything that decides is known.
std::string hiddenSetting(const Product& product, const ContainerConfig& config);

// The first rule whose conditions all hold. Nothing where a value that decides cannot be seen.
std::optional<OffJudgement> authenticationOff(const Product& product, const ContainerConfig& config);

}  // namespace firebreak::detect
