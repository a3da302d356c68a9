#include "detect/dashboards/settings.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/command_line.h"
#include "detect/dashboards/config_text.h"

namespace firebreak::detect {
namespace {

using From = SettingSource::From;
using State = SettingValue::State;
using Test = Condition::Test;

SettingValue fromFlag(const std::string& name, const ContainerConfig& config, bool repeated) {
  const auto values = flagValues(commandLine(config.container), name);
  if (values.empty()) return {};
  SettingValue value{State::kKnown, values.back().text, values.back().fieldPath};
  if (repeated) {
    value.value.clear();
    for (const CommandWord& each : values) value.value += each.text + ",";
  }
  return value;
}

SettingValue fromEnv(const std::string& name, const ContainerConfig& config) {
  const Container& container = config.container;
  for (size_t i = container.env.size(); i-- > 0;) {
    const EnvVar& var = container.env[i];
    if (var.name != name) continue;
    const std::string path = container.fieldPath + ".env[" + std::to_string(i) + "]";
    if (var.source == EnvVar::Source::kLiteral) return {State::kKnown, var.value, path};
    if (var.source == EnvVar::Source::kConfigMapKey && config.configMap) {
      const ConfigMap* map = config.configMap(var.refName);
      if (map != nullptr) {
        auto data = map->data.find(var.refKey);
        if (data == map->data.end()) return {};
        return {State::kKnown, data->second, path};
      }
    }
    return {State::kHidden, "", path};
  }
  for (size_t i = container.envFrom.size(); i-- > 0;) {
    const EnvFrom& from = container.envFrom[i];
    if (from.source != EnvFrom::Source::kConfigMap || !config.configMap) continue;
    const ConfigMap* map = config.configMap(from.refName);
    if (map == nullptr || !name.starts_with(from.prefix)) continue;
    auto data = map->data.find(name.substr(from.prefix.size()));
    if (data == map->data.end()) continue;
    return {State::kKnown, data->second, container.fieldPath + ".envFrom[" + std::to_string(i) + "]"};
  }
  return {};
}

SettingValue fromTag(const Container& container) {
  const std::string image = container.image.substr(0, container.image.find('@'));
  const size_t colon = image.rfind(':');
  if (colon == std::string::npos || image.find('/', colon) != std::string::npos) return {};
  std::string tag = image.substr(colon + 1);
  if (tag.starts_with('v')) tag.erase(0, 1);
  return {State::kKnown, tag, container.fieldPath + ".image"};
}

// Compares the leading numbers: "2.9.1-slim" is older than "2.10".
bool isOlder(const std::string& version, const std::string& than) {
  const auto numbers = [](const std::string& text) {
    std::vector<long> parts;
    for (size_t pos = 0; pos < text.size() && std::isdigit(static_cast<unsigned char>(text[pos])) != 0;) {
      size_t end = text.find_first_not_of("0123456789", pos);
      parts.push_back(std::strtol(text.substr(pos, std::min<size_t>(end - pos, 9)).c_str(), nullptr, 10));
      if (end == std::string::npos || text[end] != '.') break;
      pos = end + 1;
    }
    return parts;
  };
  const auto mine = numbers(version);
  // A lone number may be a major version's moving tag or a build: it says which major it is.
  return !mine.empty() && mine < numbers(than);
}

// Every text file of a ConfigMap that is mounted into the container.
void eachMountedFile(const ContainerConfig& config,
                     const std::function<void(const std::string&, const std::string&)>& take) {
  if (!config.configMap) return;
  for (size_t i = 0; i < config.container.mounts.size(); ++i) {
    const VolumeMount& mount = config.container.mounts[i];
    for (const Volume& volume : config.spec.volumes) {
      if (volume.name != mount.volume) continue;
      for (const VolumeSource& source : volume.sources) {
        if (source.kind != VolumeSource::Kind::kConfigMap) continue;
        const ConfigMap* map = config.configMap(source.name);
        if (map == nullptr) continue;
        for (const auto& [key, text] : map->data) {
          const auto listed = [&](const auto& item) { return item.first == key; };
          if (!source.items.empty() &&
              std::none_of(source.items.begin(), source.items.end(), listed)) {
            continue;
          }
          if (!mount.subPath.empty() && mount.subPath != key && source.items.empty()) continue;
          take(text, config.container.fieldPath + ".volumeMounts[" + std::to_string(i) + "]");
        }
      }
    }
  }
}

SettingValue fromFiles(const SettingSource& source, const ContainerConfig& config) {
  SettingValue value;
  eachMountedFile(config, [&](const std::string& text, const std::string& path) {
    std::optional<std::string> found;
    switch (source.from) {
      case From::kIni:
        found = iniValue(text, source.name);
        break;
      case From::kYaml:
        found = yamlValue(text, source.name);
        break;
      case From::kHcl:
        found = hclValue(text, source.name);
        break;
      case From::kProperty:
        found = propertyValue(text, source.name);
        break;
      default:
        found = lineValue(text, source.name);
        break;
    }
    if (found) value = {State::kKnown, *found, path};
  });
  return value;
}

SettingValue fromSource(const SettingSource& source, const ContainerConfig& config) {
  switch (source.from) {
    case From::kFlag:
      return fromFlag(source.name, config, false);
    case From::kRepeatedFlag:
      return fromFlag(source.name, config, true);
    case From::kEnv:
      return fromEnv(source.name, config);
    case From::kSetEnv: {
      SettingValue value = fromEnv(source.name, config);
      if (value.state == State::kKnown && value.value.empty()) return {};
      return value;
    }
    case From::kIni:
    case From::kYaml:
    case From::kHcl:
    case From::kProperty:
    case From::kLine:
      return fromFiles(source, config);
    case From::kConfigMap: {
      const size_t slash = source.name.find('/');
      const ConfigMap* map =
          config.configMap ? config.configMap(source.name.substr(0, slash)) : nullptr;
      if (map == nullptr) return {};
      auto data = map->data.find(source.name.substr(slash + 1));
      if (data == map->data.end()) return {};
      return {State::kKnown, data->second, ""};
    }
    case From::kImageTag:
      return fromTag(config.container);
    case From::kArgument:
      for (const CommandWord& word : commandLine(config.container)) {
        const size_t slash = word.text.rfind('/');
        const std::string base =
            slash == std::string::npos ? word.text : word.text.substr(slash + 1);
        if (base == source.name) return {State::kKnown, "true", word.fieldPath};
      }
      return {};
  }
  return {};
}

std::string unquoted(std::string text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  const size_t end = text.find_last_not_of(" \t\r\n");
  text = start == std::string::npos ? "" : text.substr(start, end - start + 1);
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0]) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

bool isTrue(const std::string& value) {
  constexpr std::array<std::string_view, 5> kTrue = {"true", "1", "yes", "on", "t"};
  return std::any_of(kTrue.begin(), kTrue.end(),
                     [&](std::string_view word) { return equalText(value, word); });
}

bool holds(const Condition& condition, const SettingValue& setting) {
  const bool known = setting.state == State::kKnown;
  const bool absent = setting.state == State::kAbsent;
  const std::string value = unquoted(setting.value);
  const auto equals = [&](const std::string& wanted) { return equalText(value, wanted); };
  const auto contains = [&](const std::string& part) { return containsText(value, part); };
  const auto& list = condition.values;
  switch (condition.test) {
    case Test::kTrue:
      return known && isTrue(value);
    case Test::kEmpty:
      return known && value.empty();
    case Test::kIs:
      return known && std::any_of(list.begin(), list.end(), equals);
    case Test::kHas:
      return known && std::any_of(list.begin(), list.end(), contains);
    case Test::kHasNot:
      return absent || (known && std::none_of(list.begin(), list.end(), contains));
    case Test::kGiven:
      return !absent;
    case Test::kNotSet:
      return absent || (known && value.empty());
    case Test::kAbsent:
      return absent;
    case Test::kOlder:
      return known && !list.empty() && isOlder(value, list.front());
    case Test::kNotTrue:
      return absent || (known && !isTrue(value));
  }
  return false;
}

// The condition would hold if somebody had set it so. A value from a Secret is a password, not an empty
// one, so that other tests are not asked.
bool hangsOnValue(const Condition& condition) {
  return condition.test == Test::kTrue || condition.test == Test::kIs ||
         condition.test == Test::kHas;
}

bool readsFiles(const Setting& setting) {
  return std::any_of(setting.sources.begin(), setting.sources.end(), [](const SettingSource& s) {
    return s.from == From::kIni || s.from == From::kYaml || s.from == From::kHcl ||
           s.from == From::kProperty || s.from == From::kLine;
  });
}

// A ConfigMap that the input does not hold is mounted, or a Secret.
bool mountsUnseenFiles(const ContainerConfig& config) {
  const auto unseen = [&](const VolumeSource& source) {
    if (source.kind == VolumeSource::Kind::kSecret) return true;
    return source.kind == VolumeSource::Kind::kConfigMap &&
           (!config.configMap || config.configMap(source.name) == nullptr);
  };
  return std::any_of(
      config.container.mounts.begin(), config.container.mounts.end(), [&](const VolumeMount& mount) {
        return std::any_of(config.spec.volumes.begin(), config.spec.volumes.end(),
                           [&](const Volume& volume) {
                             return volume.name == mount.volume &&
                                    std::any_of(volume.sources.begin(), volume.sources.end(), unseen);
                           });
      });
}

// The setting stands in a ConfigMap of its own that the input does not hold.
bool standsInUnseenMap(const Setting& setting, const ContainerConfig& config) {
  return std::any_of(setting.sources.begin(), setting.sources.end(), [&](const SettingSource& s) {
    return s.from == From::kConfigMap &&
           (!config.configMap || config.configMap(s.name.substr(0, s.name.find('/'))) == nullptr);
  });
}

// A rule that rests on what nobody set cannot be judged where it may be set in a file that cannot be seen.
bool maySetElsewhere(const OffRule& rule, const Condition& condition, const Setting& setting,
                     const SettingValue& value, const ContainerConfig& config) {
  const bool onAbsence = condition.test == Test::kAbsent || condition.test == Test::kNotSet ||
                         condition.test == Test::kNotTrue || condition.test == Test::kHasNot;
  return rule.byNature && onAbsence && value.state == State::kAbsent && readsFiles(setting) &&
         mountsUnseenFiles(config);
}

}  // namespace

std::string hiddenSetting(const Product& product, const ContainerConfig& config) {
  for (const OffRule& rule : product.off) {
    std::string hidden;
    const bool open = std::all_of(rule.all.begin(), rule.all.end(), [&](const Condition& condition) {
      auto setting = std::find_if(product.settings.begin(), product.settings.end(),
                                  [&](const Setting& s) { return s.id == condition.setting; });
      if (setting == product.settings.end()) return false;
      const SettingValue value = resolve(*setting, config);
      if (holds(condition, value)) {
        if (hidden.empty() && maySetElsewhere(rule, condition, *setting, value, config)) {
          hidden = setting->sources.front().name;
        }
        return true;
      }
      const bool elsewhere =
          value.state == State::kHidden ||
          (value.state == State::kAbsent &&
           (standsInUnseenMap(*setting, config) ||
            (readsFiles(*setting) && mountsUnseenFiles(config))));
      if (!hangsOnValue(condition) || !elsewhere) return false;
      if (hidden.empty()) hidden = setting->sources.front().name;
      return true;
    });
    if (open && !hidden.empty()) return hidden;
  }
  return {};
}

SettingValue resolve(const Setting& setting, const ContainerConfig& config) {
  for (const SettingSource& source : setting.sources) {
    SettingValue value = fromSource(source, config);
    if (value.state != State::kAbsent) return value;
  }
  return {};
}

std::optional<OffJudgement> authenticationOff(const Product& product,
                                              const ContainerConfig& config) {
  for (const OffRule& rule : product.off) {
    OffJudgement judgement{&rule, "", {}};
    const bool all = std::all_of(rule.all.begin(), rule.all.end(), [&](const Condition& condition) {
      auto setting = std::find_if(product.settings.begin(), product.settings.end(),
                                  [&](const Setting& s) { return s.id == condition.setting; });
      if (setting == product.settings.end()) return false;
      const SettingValue value = resolve(*setting, config);
      if (value.state == State::kKnown) {
        judgement.settings.push_back(setting->id);
        if (judgement.fieldPath.empty()) judgement.fieldPath = value.fieldPath;
      }
      return holds(condition, value) &&
             !maySetElsewhere(rule, condition, *setting, value, config);
    });
    if (all) return judgement;
  }
  return std::nullopt;
}

}  // namespace firebreak::detect
