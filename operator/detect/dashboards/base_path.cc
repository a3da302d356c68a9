#include "detect/dashboards/base_path.h"

#include <algorithm>
#include <cctype>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/judge.h"
#include "detect/dashboards/settings.h"

namespace firebreak::detect {
namespace {

constexpr size_t kLongest = 200;

bool isPlain(std::string_view path) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("/._~-").find(static_cast<char>(c)) !=
                                       std::string_view::npos;
  };
  return path.size() <= kLongest && path.find("..") == std::string_view::npos &&
         path.find("//") == std::string_view::npos && std::all_of(path.begin(), path.end(), plain);
}

std::string_view beforeQuery(std::string_view text) { return text.substr(0, text.find_first_of("?#")); }

// A Location header without the host, where that is one of `hosts`; empty where it leads away.
std::string_view within(std::string_view location, const std::vector<std::string>& hosts) {
  const size_t scheme = beforeQuery(location).find("://");
  if (scheme == std::string_view::npos) return location.starts_with("//") ? "" : location;
  std::string_view rest = location.substr(scheme + 3);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {};
  std::string_view host = rest.substr(0, slash);
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  const bool own = std::any_of(hosts.begin(), hosts.end(),
                               [&](const std::string& each) { return equalText(each, host); });
  return own ? rest.substr(slash) : std::string_view();
}

void addOnce(std::string path, std::vector<std::string>* paths) {
  if (path.empty() || std::find(paths->begin(), paths->end(), path) != paths->end()) return;
  paths->push_back(std::move(path));
}

}  // namespace

std::string normalBasePath(std::string_view text) {
  while (!text.empty() && (text.front() == '"' || text.front() == '\'' || text.front() == ' ')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == '"' || text.back() == '\'' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    const size_t slash = text.find('/', scheme + 3);
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  text = beforeQuery(text);
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty() || !isPlain(text)) return {};
  return (text.front() == '/' ? "" : "/") + std::string(text);
}

std::vector<std::string> basePathsSet(const Product& product, const std::vector<Pod>& pods) {
  std::vector<std::string> paths;
  for (const SettingSource& source : product.base) {
    const Setting setting{"base", {source}};
    for (const Pod& pod : pods) {
      for (const Container& container : pod.spec->containers) {
        const SettingValue value = resolve(setting, ContainerConfig{container, *pod.spec, {}});
        if (value.state == SettingValue::State::kKnown) addOnce(normalBasePath(value.value), &paths);
      }
    }
  }
  return paths;
}

std::vector<std::string> basePathsShown(const ProbeAnswer& answer,
                                        const std::vector<std::string>& hosts) {
  std::vector<std::string> paths;
  if (!isRedirect(answer)) return paths;
  const std::string_view path = beforeQuery(within(answer.location, hosts));
  const std::string_view asked = beforeQuery(answer.path);
  if (asked != "/") {
    if (path.size() > asked.size() && path.ends_with(asked)) {
      addOnce(normalBasePath(path.substr(0, path.size() - asked.size())), &paths);
    }
    return paths;
  }
  // "./x" is "/x" where the root was asked.
  const std::string whole = normalBasePath(path.starts_with("./") ? path.substr(1) : path);
  if (!path.ends_with('/') && !whole.empty()) {
    addOnce(whole.substr(0, whole.rfind('/')), &paths);
  }
  addOnce(whole, &paths);
  return paths;
}

std::string redirectWithin(const ProbeAnswer& answer, const std::vector<std::string>& hosts) {
  if (!isRedirect(answer) || leadsToLogin(answer.location)) return {};
  std::string_view path = within(answer.location, hosts);
  path = path.substr(0, path.find('#'));
  if (path.starts_with("./")) path.remove_prefix(1);
  const bool printable = std::all_of(path.begin(), path.end(),
                                     [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  return path.starts_with('/') && printable ? std::string(path) : std::string();
}

}  // namespace firebreak::detect
