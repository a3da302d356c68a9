#include "detect/dashboards/candidates.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>

#include "detect/dashboards/answer_shape.h"
#include "detect/dashboards/command_line.h"

namespace firebreak::detect {
namespace {

std::string baseName(const std::string& word) {
  const size_t slash = word.rfind('/');
  return slash == std::string::npos ? word : word.substr(slash + 1);
}

// A word is a program where a command starts: first of all, after a separator, a script's "-c", an
// assignment, or a program that only starts another.
bool startsCommand(const std::vector<std::string>& words, size_t index) {
  if (index == 0) return true;
  const std::string& before = words[index - 1];
  constexpr std::array<std::string_view, 9> kStarters = {";", "exec", "--", "env", "nohup",
                                                         "sudo", "tini", "dumb-init", "then"};
  if (std::find(kStarters.begin(), kStarters.end(), baseName(before)) != kStarters.end()) return true;
  if (before.size() >= 2 && before[0] == '-' && before[1] != '-' && before.back() == 'c') return true;
  // `python3 -m flower`, `python3 /opt/bin/flower`.
  const bool module = before == "-m" && index >= 2;
  if (baseName(words[module ? index - 2 : index - 1]).starts_with("python")) return true;
  return before[0] != '-' && before.find('=') != std::string::npos;
}

// A container that may be asked, in any of the pods; pods of one template share their spec.
std::vector<NamedProgram> programsOf(const std::vector<Pod>& pods) {
  std::vector<NamedProgram> programs;
  std::set<const PodSpec*> seen;
  for (const Pod& pod : pods) {
    if (!seen.insert(pod.spec.get()).second) continue;
    for (const Container& container : pod.spec->containers) {
      if (container.role != Container::Role::kInit) programs.emplace_back(container);
    }
  }
  return programs;
}

// What the pods' labels call what runs in them.
std::set<std::string> namesByLabel(const std::vector<Pod>& pods) {
  constexpr std::array<const char*, 4> kLabels = {"app.kubernetes.io/name", "app", "k8s-app", "name"};
  std::set<std::string> names;
  for (const Pod& pod : pods) {
    for (const char* key : kLabels) {
      const auto label = pod.meta.labels.find(key);
      if (label != pod.meta.labels.end()) names.insert(label->second);
    }
  }
  return names;
}

int hintOf(const Product& product, const std::vector<NamedProgram>& programs, const std::set<std::string>& labels) {
  const auto any = [&](auto holds) { return std::any_of(programs.begin(), programs.end(), holds); };
  if (any([&](const NamedProgram& program) { return program.is(product); })) return 4;
  if (any([&](const NamedProgram& program) { return program.soundsLike(product); })) return 3;
  const bool labelled = std::any_of(product.labels.begin(), product.labels.end(),
                                    [&](const std::string& label) { return labels.contains(label); });
  return labelled ? 2 : 0;
}

}  // namespace

std::string imageRepository(std::string_view image) {
  std::string text(image.substr(0, image.find('@')));
  const size_t slash = text.find('/');
  if (slash != std::string::npos) {
    // The first component is a registry where it could be a host name.
    const std::string first = text.substr(0, slash);
    if (first == "localhost" || first.find_first_of(".:") != std::string::npos) {
      text.erase(0, slash + 1);
    }
  }
  const size_t colon = text.find(':', text.rfind('/') == std::string::npos ? 0 : text.rfind('/'));
  return text.substr(0, colon);
}

NamedProgram::NamedProgram(const Container& container)
    : repository_(imageRepository(container.image)), last_(baseName(repository_)), words_(commandWords(container)) {
  for (size_t i = 0; i < words_.size(); ++i) {
    if (startsCommand(words_, i)) starts_.emplace_back(baseName(words_[i]), i);
  }
}

bool NamedProgram::is(const Product& product) const {
  const auto fits = [&](const std::string& glob) {
    if (glob.find('/') == std::string::npos) return fnmatch(glob.c_str(), last_.c_str(), 0) == 0;
    // A mirror keeps the original path behind its own: "proxy/docker/prom/prometheus".
    return fnmatch(glob.c_str(), repository_.c_str(), 0) == 0 ||
           fnmatch(("*/" + glob).c_str(), repository_.c_str(), 0) == 0;
  };
  return std::any_of(product.images.begin(), product.images.end(), fits) ||
         std::any_of(product.programs.begin(), product.programs.end(),
                     [&](const std::string& program) { return runs(program); });
}

// "kubectl proxy": these words, in this order, flags may stand in between; the first as a program.
bool NamedProgram::runs(const std::string& program) const {
  const size_t space = program.find(' ');
  const std::string_view first = std::string_view(program).substr(0, space);
  const std::string_view second =
      space == std::string::npos ? std::string_view() : std::string_view(program).substr(space + 1);
  for (const auto& [name, at] : starts_) {
    if (name != first) continue;
    if (second.empty()) return true;
    for (size_t i = at + 1; i < words_.size(); ++i) {
      if (words_[i] == second) return true;
      if (!words_[i].starts_with("-")) break;
    }
  }
  return false;
}

bool NamedProgram::soundsLike(const Product& product) const {
  const std::string name = "-" + last_ + "-";
  return std::any_of(product.images.begin(), product.images.end(), [&](const std::string& glob) {
    // Behind a slash stand words that are too common to be looked for alone ("minio/console").
    if (glob.find_first_of("*/") != std::string::npos || glob.size() < 3) return false;
    return name.find("-" + glob + "-") != std::string::npos;
  });
}

bool runsProduct(const Product& product, const Container& container) { return NamedProgram(container).is(product); }

std::vector<const Product*> candidatesFor(const std::vector<Product>& products,
                                          const std::vector<Pod>& pods, const Service& service,
                                          int32_t servicePort, int32_t podPort,
                                          bool portIsEnough) {
  const std::vector<NamedProgram> programs = programsOf(pods);
  const std::set<std::string> labels = namesByLabel(pods);
  std::vector<std::pair<int, const Product*>> ranked;
  for (const Product& product : products) {
    if (product.proofs.empty()) continue;
    int hint = hintOf(product, programs, labels);
    if (containsText(service.meta.name, product.id)) hint = std::max(hint, 2);
    const auto knows = [&](int32_t port) {
      return std::find(product.ports.begin(), product.ports.end(), port) != product.ports.end();
    };
    if (hint == 0 && portIsEnough && (knows(podPort) || knows(servicePort))) hint = 1;
    if (hint > 0) ranked.emplace_back(hint, &product);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Product*> candidates;
  candidates.reserve(ranked.size());
  const bool named = !ranked.empty() && ranked.front().first >= 4;
  for (const auto& [hint, product] : ranked) {
    if (hint > 1 || !named) candidates.push_back(product);
  }
  return candidates;
}

}  // namespace firebreak::detect
